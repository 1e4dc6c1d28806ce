import { mkdir, realpath } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessExit, ShimmedProcess } from "../processes/shimmed-process.ts";
import { endPostgres, lockHolder, pidFile } from "./leftover-postgres.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { clusterOwner, createCluster, dataDirectory } from "./postgres-cluster.ts";
import { startPostgresServer } from "./postgres-server.ts";
import { ensureSocketDirectory, socketUrl } from "./postgres-socket.ts";
import { choosePostgresUser, type UserIds } from "./postgres-user.ts";

export interface EmbeddedPostgres {
  /** Of a unix socket, in the form of DATABASE_URL; `pg` understands it. */
  readonly databaseUrl: string;
  /** Resolves when the server ended by itself; never after `stop`. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the server is gone. Safe to call twice, and after it has ended. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Everything lies in it; made where it is missing. */
  readonly directory: string;
  /** Gets what the server prints, line by line, and what the launcher does about an earlier crash. */
  readonly log: (line: string) => void;
  /** The user that became root, whom the server may run as, because it refuses to be root. */
  readonly sudoUser?: UserIds | undefined;
  /** Gives the start up: what has been started is ended before the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const DATABASE = "bonfire";
const STOP_GRACE_MS = 5_000;
const POLL_MS = 50;

/**
 * Starts the PostgreSQL that npm installed, and waits until it answers. It makes the database first where there is none, and ends the
 * server that an earlier run left: the caller makes sure that no other platform uses the directory.
 * @throws Error that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, sudoUser, signal } = options;
  const { initdb, postgres } = await findPostgresBinaries();
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  // A leftover server is recognised by its path.
  const directory = await realpath(options.directory);

  const dataOwner = await clusterOwner(directory);
  const user = await choosePostgresUser({ directory, dataOwner, postgres, sudoUser });
  if (dataOwner === undefined) await createCluster(directory, initdb, user);
  const socketDirectory = await ensureSocketDirectory(directory, user);
  const data = dataDirectory(directory);
  const server = await startPostgresServer({ postgres, user, data, socketDirectory, database: DATABASE, log, signal });
  const postmaster = await lockHolder(pidFile(data));

  let stopped: Promise<void> | undefined;
  return {
    databaseUrl: socketUrl(socketDirectory, DATABASE),
    exited: new Promise((resolveExited) => {
      void server.exited.then((exit) => {
        if (stopped === undefined) resolveExited(exit);
      });
    }),
    stop: () => {
      stopped ??= stopServer(server, postmaster, data);
      return stopped;
    },
  };
}

async function stopServer(server: ShimmedProcess, postmaster: number | undefined, data: string): Promise<void> {
  await Promise.race([server.stop(STOP_GRACE_MS), processEnd(server.pid)]);
  // A shim that was killed alone has not passed the request on.
  if (postmaster !== undefined) await endPostgres(postmaster, data);
}

async function processEnd(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(POLL_MS);
  }
}
