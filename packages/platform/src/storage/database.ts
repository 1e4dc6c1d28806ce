import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { boundedSocket, RefusingSocket } from "./bounded-socket.ts";
import { CONNECT_TIMEOUT_MS, type DatabaseState, DatabaseWatch } from "./database-watch.ts";
import { migrateSchema } from "./migrate-schema.ts";
import * as schema from "./schema.ts";
import type { SnapshotKind } from "./snapshot-version.ts";

export type Database = NodePgDatabase<typeof schema> & { readonly $client: pg.Pool };

export interface DatabaseConnection {
  /** Fails with `DatabaseUnavailableError` until the schema is up to date, and with what the connection says while the database is away. */
  readonly database: Database;
  /** Host, port and name of the database, without credentials: what tells it from others. */
  readonly target: string;
  /** Resolves when the first try to connect has come to an end, whichever. Never rejects. */
  readonly tried: Promise<void>;
  /** Resolves when the schema is up to date; never where that does not come about. */
  readonly ready: Promise<void>;
  state(): DatabaseState;
  /** Calls back when data of that kind was changed by anybody, and when changes may have been missed. @returns what ends that. */
  onChange(kind: SnapshotKind, listener: () => void): () => void;
  close(): Promise<void>;
}

interface DatabaseOptions {
  readonly url: string;
  /** What messages call it, such as "the database of DATABASE_URL". */
  readonly name: string;
  /** Called at each change, also where it is away for another reason than before. */
  readonly onState: (state: DatabaseState) => void;
  /** A pooled connection was lost while nobody used it. */
  readonly onIdleError?: (error: Error) => void;
}

/** What a query gets that cannot even be tried. The message holds no credentials. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
}

/** Longer work does not belong into a request; the server itself ends it then, with a clear error. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** A network that swallows everything: the server's own limit comes first. */
const SILENCE_MS = 6_000;
/** Shorter than the silence that ends a connection. */
const IDLE_MS = 5_000;
const POOL_SIZE = 10;

/**
 * Connects in the background, for as long as that takes, brings the schema up to date, one platform at a time, and connects again
 * whenever the database was away. Queries never hang: within a few seconds they have an answer or an error.
 * @throws when the URL is none.
 */
export function connectDatabase({ url, name, onState, onIdleError = () => undefined }: DatabaseOptions): DatabaseConnection {
  const target = targetOf(url);
  const fullName = `${name} (${target})`;
  const listeners = new Map<SnapshotKind, Set<() => void>>();
  let becomeReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  let isReady = false;
  const watch = new DatabaseWatch({
    url,
    prepare: async (client) => {
      if (isReady) return;
      await migrateSchema(client);
      isReady = true;
      becomeReady();
    },
    onState: (state) => {
      onState(state);
      if (state.status === "up") for (const ofKind of listeners.values()) for (const listener of ofKind) listener();
    },
    onNotification: (payload) => {
      for (const [kind, ofKind] of listeners) if (payload.startsWith(`${kind}:`)) for (const listener of ofKind) listener();
    },
  });

  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // What a platform left that was cut off in the middle must not hold its locks.
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    stream: () => (isReady ? boundedSocket(SILENCE_MS) : new RefusingSocket(unavailable(fullName, watch.state))),
  });
  // A connection that the server ends, idle or between two statements of a transaction, would otherwise end the process.
  pool.on("error", onIdleError);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    database: drizzle(pool, { schema }),
    target,
    tried: watch.tried,
    ready,
    state: () => watch.state,
    onChange: (kind, listener) => {
      const ofKind = listeners.get(kind) ?? new Set();
      listeners.set(kind, ofKind.add(listener));
      return () => ofKind.delete(listener);
    },
    close: async () => {
      await Promise.all([watch.close(), pool.end()]);
    },
  };
}

/**
 * The same for a database that must be there now.
 * @throws when it cannot be reached, or is newer than this program.
 */
export async function openDatabase(url: string, onIdleError: (error: Error) => void): Promise<DatabaseConnection> {
  const name = "the database";
  const connection = connectDatabase({ url, name, onState: () => undefined, onIdleError });
  await connection.tried;
  const state = connection.state();
  if (state.status === "up") return connection;
  await connection.close();
  throw state.status === "refused" ? state.error : unavailable(`${name} (${connection.target})`, state);
}

function unavailable(name: string, state: DatabaseState): DatabaseUnavailableError {
  if (state.status === "up") return new DatabaseUnavailableError(`The schema of ${name} is being brought up to date`);
  const message = state.status === "refused" ? `${name} is not used: ` : `${name} cannot be reached: `;
  return new DatabaseUnavailableError(capitalized(message + describe(state.error)), { cause: state.error });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where a name has several addresses, Node tells each failure, and has no message of its own. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map((inner) => describe(inner)).join("; ");
  return error.message;
}

function targetOf(url: string): string {
  try {
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `${host}:${port}/${database ?? ""}`;
  } catch {
    // No cause: it may quote the password.
    throw new Error("DATABASE_URL is not a URL that can be read. Percent-encode what is special in its user name and password.");
  }
}
