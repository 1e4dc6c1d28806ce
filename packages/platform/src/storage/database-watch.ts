import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { boundSilence } from "./bounded-socket.ts";
import { NewerSchemaError } from "./migrate-schema.ts";
import { RECOVERED_AFTER_MS, retryDelayMs } from "./retry-delay.ts";
import { SNAPSHOT_CHANNEL } from "./snapshot-version.ts";

export type DatabaseState =
  | { readonly status: "up"; readonly since: Date }
  /** Tried again for ever. */
  | { readonly status: "down"; readonly since: Date; readonly error: Error }
  /** For good: its schema is newer than this program. */
  | { readonly status: "refused"; readonly since: Date; readonly error: Error };

interface WatchOptions {
  readonly url: string;
  /** What must be done on a new connection before the database counts as up. A `NewerSchemaError` ends the watch. */
  readonly prepare: (client: pg.Client) => Promise<void>;
  readonly onState: (state: DatabaseState) => void;
  /** Gets what follows on the channel. */
  readonly onNotification: (payload: string) => void;
}

export const CONNECT_TIMEOUT_MS = 3_000;
const HEARTBEAT_MS = 3_000;
const SILENCE_MS = 2 * HEARTBEAT_MS;

/** One connection of its own that listens for changes and tells whether the database is there. It is opened again for as long as it takes. */
export class DatabaseWatch {
  readonly #options: WatchOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #state: DatabaseState = { status: "down", since: new Date(), error: new Error("It has not answered yet.") };
  #endFirstTry: () => void = () => undefined;

  /** Resolves when the first try has come to an end, whichever: `state` tells. Never rejects. */
  readonly tried = new Promise<void>((resolve) => {
    this.#endFirstTry = resolve;
  });

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get state(): DatabaseState {
    return this.#state;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 1; !this.#closing.signal.aborted; failures++) {
      const connection = new WatchConnection(this.#options);
      const cut = () => connection.cut();
      this.#closing.signal.addEventListener("abort", cut, { once: true });
      const openedAt = performance.now();
      const error = await this.#use(connection);
      connection.cut();
      this.#closing.signal.removeEventListener("abort", cut);

      if (performance.now() - openedAt > RECOVERED_AFTER_MS) failures = 1;
      if (this.#closing.signal.aborted) break;
      const status = error instanceof NewerSchemaError ? "refused" : "down";
      this.#enter({ status, since: new Date(), error });
      this.#endFirstTry();
      if (status === "refused") return;
      await delay(retryDelayMs(failures), undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
    this.#endFirstTry();
  }

  /** @returns why it is over. */
  async #use(connection: WatchConnection): Promise<Error> {
    try {
      await connection.open();
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    this.#enter({ status: "up", since: new Date() });
    this.#endFirstTry();
    return connection.ended;
  }

  /** A further failed try does not begin a new outage, and is worth a word only where it failed for another reason. */
  #enter(next: DatabaseState): void {
    const before = this.#state;
    this.#state = next.status === "down" && before.status === "down" ? { ...next, since: before.since } : next;
    const isNews = next.status !== "down" || before.status !== "down" || next.error.message !== before.error.message;
    if (isNews) this.#options.onState(this.#state);
  }
}

class WatchConnection {
  readonly #options: WatchOptions;
  readonly #socket = new Socket();
  readonly #client: pg.Client;
  /** Resolves with the reason when an open connection is gone. */
  readonly ended: Promise<Error>;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#client = new pg.Client({
      connectionString: options.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      stream: () => this.#socket,
    });
    this.ended = new Promise((resolve) => {
      this.#client.once("error", resolve);
      this.#client.once("end", () => resolve(new Error("The database closed the connection.")));
    });
    // Further errors of a connection that is gone say nothing new.
    this.#client.on("error", () => undefined);
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.#options.prepare(this.#client);
    this.#client.on("notification", ({ payload = "" }) => this.#options.onNotification(payload));
    await this.#client.query(`listen ${SNAPSHOT_CHANNEL}`);
    // Only from now on: migrations may be silent for long.
    boundSilence(this.#socket, SILENCE_MS);
    let isAnswered = true;
    const heartbeat = setInterval(() => {
      if (!isAnswered) return;
      isAnswered = false;
      this.#client.query("select").then(
        () => {
          isAnswered = true;
        },
        // The end of the connection tells.
        () => undefined,
      );
    }, HEARTBEAT_MS);
    void this.ended.then(() => clearInterval(heartbeat));
  }

  /** No farewell, which a database that cannot be reached would never answer. */
  cut(): void {
    this.#socket.destroy();
  }
}
