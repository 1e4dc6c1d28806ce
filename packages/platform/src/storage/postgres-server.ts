import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { hasCode } from "../processes/error-code.ts";
import { type ProcessExit, type ShimmedProcess, startShimmed } from "../processes/shimmed-process.ts";
import { endLeftoverPostgres, pidFile } from "./leftover-postgres.ts";
import { PostgresFailure } from "./postgres-failure.ts";
import { POSTGRES_PORT, socketPath, socketUrl } from "./postgres-socket.ts";
import { type PostgresUser, planAs } from "./postgres-user.ts";

interface PostgresServerOptions {
  readonly postgres: string;
  readonly user: PostgresUser;
  readonly data: string;
  readonly socketDirectory: string;
  readonly database: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

const POLL_MS = 20;
/** How long a server has to end whose start is given up. */
const GIVE_UP_GRACE_MS = 5_000;
/** What a postmaster that was killed leaves is gone when its sessions have noticed. */
const LOCK_RETRY_MS = 100;
const LOCK_PATIENCE_MS = 15_000;
const LOCK_HELD = /lock file .* already exists|pre-existing shared memory block/;

const CANNOT_CONNECT_NOW = "57P03";
/** What the server prints about each such answer while it recovers: the launcher asks often. */
const TOO_EARLY = /^FATAL: +the database system is (starting up|not yet accepting connections)/;
/** The server does not listen yet, or has just ended. */
const NOT_LISTENING = ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"];

/**
 * Starts the server and waits until the database answers, which after a crash includes its recovery.
 * @throws PostgresFailure when it ends before, or the signal's reason; nothing of it runs on then.
 */
export async function startPostgresServer(options: PostgresServerOptions): Promise<ShimmedProcess> {
  const { user, postgres, data, socketDirectory, log, signal } = options;
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  const endLeftover = () => endLeftoverPostgres(data, [pidFile(data), `${socketPath(socketDirectory)}.lock`], log);
  for (;;) {
    await endLeftover();
    signal?.throwIfAborted();
    const server = startShimmed(planAs(user, { command: postgres, args: serverArguments(options), cwd: data }), (line) => {
      if (!TOO_EARLY.test(line)) log(line);
    });
    // Where its shim was killed alone, the server itself goes on: it is ended before anybody hears of the failure.
    const exit = await waitUntilReady(server, options).catch(async (error: unknown) => {
      await endLeftover();
      throw error;
    });
    if (exit === undefined) return server;
    const isLocked = exit.lastLines.some((line) => LOCK_HELD.test(line));
    if (!isLocked || performance.now() > deadline) {
      await endLeftover();
      throw new PostgresFailure(`The embedded PostgreSQL ${describe(user)} does not start`, exit);
    }
    await delay(LOCK_RETRY_MS);
  }
}

function describe(user: PostgresUser): string {
  if (user.kind === "self") return `as user ${user.ids.uid}`;
  return user.kind === "other" ? `as user ${user.ids.uid}, to whom its data belongs,` : "in a user namespace";
}

function serverArguments({ data, socketDirectory }: PostgresServerOptions): string[] {
  const settings = {
    listen_addresses: "",
    port: POSTGRES_PORT,
    // A list: quoted, a comma in the path is part of the path.
    unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    // Sized for one team's control data beside engines that want the memory. What makes a commit durable stays as it is.
    max_connections: 100,
    shared_buffers: "32MB",
    io_method: "sync",
    max_logical_replication_workers: 0,
    timezone: "UTC",
    log_timezone: "UTC",
    // Times and process ids are in the platform's own log.
    log_line_prefix: "",
    log_destination: "stderr",
    logging_collector: "off",
    log_checkpoints: "off",
  };
  return ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/** @returns undefined when the database answers, or how the server ended before. */
async function waitUntilReady(server: ShimmedProcess, options: PostgresServerOptions): Promise<ProcessExit | undefined> {
  let exit: ProcessExit | undefined;
  const exited = server.exited.then((ended) => {
    exit = ended;
  });
  for (;;) {
    try {
      if (await answers(options)) return undefined;
    } catch (error) {
      await server.stop(0);
      throw error;
    }
    if (exit !== undefined) return exit;
    if (options.signal?.aborted) {
      await server.stop(GIVE_UP_GRACE_MS);
      throw options.signal.reason;
    }
    await Promise.race([exited, delay(POLL_MS)]);
  }
}

/** Makes the database where it is missing: there is none after initdb, and a start may have been ended right then. */
async function answers({ socketDirectory, database }: PostgresServerOptions): Promise<boolean> {
  // Exists in every cluster.
  const client = new pg.Client({ connectionString: socketUrl(socketDirectory, "postgres") });
  // The end of the server is told by the process; here it only ends the connection.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
    return true;
  } catch (error) {
    if (isNotListening(error) || hasCode(error, CANNOT_CONNECT_NOW)) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** `pg` throws an error without a code when the connection ends in the middle. */
function isNotListening(error: unknown): boolean {
  return error instanceof Error && (!("code" in error) || error.code === undefined || hasCode(error, ...NOT_LISTENING));
}
