import { ApiError } from "@bonfire/protocol/errors";
import { DatabaseUnavailableError } from "../storage/database.ts";
import type { Caller } from "./caller.ts";
import { hashKeySecret } from "./key-secret.ts";
import { type KeySnapshotFile, SNAPSHOT_MAX_AGE_MS } from "./key-snapshot-file.ts";
import type { KeyStore, KnownKeys } from "./key-store.ts";

/** How soon a change made elsewhere is seen where its notification was lost; a change made by this process is seen at once. */
const POLL_MS = 1_000;
/** How far the time in the file may lag behind while nothing changes, out of 24 hours. */
const REWRITE_MS = 600_000;
const NOTHING_READ = -1;

interface SnapshotOptions {
  /** Where the known keys are saved for a start without the database; absent where they are not. */
  readonly file?: KeySnapshotFile;
  /** Calls back when keys may have been changed elsewhere. @returns what ends that. */
  readonly onChange?: (listener: () => void) => () => void;
  /** Whether the database is known to be away: it may be known earlier than the next poll. */
  readonly isAway?: () => boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How often the database is asked whether keys changed, milliseconds. */
  readonly pollMs?: number;
}

/** The keys in memory: no request waits for the database, and known keys work while it is away, for at most a day. */
export class KeySnapshot {
  readonly #store: KeyStore;
  readonly #onFailure: (error: unknown) => void;
  readonly #file: KeySnapshotFile | undefined;
  readonly #isAway: () => boolean;
  readonly #now: () => number;
  readonly #pollMs: number;
  readonly #onChange: (listener: () => void) => () => void;
  #known: KnownKeys = { version: NOTHING_READ, callers: new Map() };
  /** When the known keys were last known to be right, milliseconds since 1970. */
  #currentAt = Number.NEGATIVE_INFINITY;
  #isCurrent = false;
  #savedAt = Number.NEGATIVE_INFINITY;
  #savedCallers: KnownKeys["callers"] | undefined;
  #isSaved = true;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;
  #lastRead: Promise<void> = Promise.resolve();
  #isPolling = false;
  #isPollAskedFor = false;

  /** @param onFailure hears of the first failure in a row, of reading as of saving. */
  constructor(store: KeyStore, onFailure: (error: unknown) => void, options: SnapshotOptions = {}) {
    this.#store = store;
    this.#onFailure = onFailure;
    this.#file = options.file;
    this.#isAway = options.isAway ?? (() => false);
    this.#now = options.now ?? Date.now;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#onChange = options.onChange ?? (() => () => undefined);
  }

  /**
   * Reads all keys, from the file where the database is away, then keeps them fresh.
   * @returns where they came from.
   * @throws what the database said where the file does not help, and why it does not.
   */
  async start(): Promise<"database" | "file"> {
    const source = await this.#readFirst();
    this.#stopListening = this.#onChange(() => {
      // A read that is under way may have begun before the change.
      this.#isPollAskedFor = true;
      this.#poll();
    });
    this.#timer = setInterval(() => this.#poll(), this.#pollMs);
    this.#timer.unref();
    return source;
  }

  /** Reads what changed, and saves it; after a read that is under way, since that one may have begun before the change. */
  refresh(): Promise<void> {
    this.#lastRead = this.#lastRead.catch(() => undefined).then(() => this.#readChanges());
    return this.#lastRead;
  }

  /** @throws ApiError `invalid_api_key`, or `database_unavailable` where that is not known: for a new key, and for every one after a day. */
  authenticate(secret: string): Caller {
    if (this.#now() - this.#currentAt > SNAPSHOT_MAX_AGE_MS) {
      throw unchecked("No key can be checked, because the database has been away for more than 24 hours.");
    }
    const caller = this.#known.callers.get(hashKeySecret(secret));
    if (caller !== undefined) return caller;
    if (!this.#isCurrent || this.#isAway()) throw unchecked("This key cannot be checked right now, because the database is away.");
    throw new ApiError("invalid_api_key", "Incorrect API key provided. Create one with `bonfire keys create`.");
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    await this.#lastRead.catch(() => undefined);
    if (this.#isCurrent) await this.#save();
  }

  async #readFirst(): Promise<"database" | "file"> {
    try {
      await this.refresh();
      return "database";
    } catch (cause) {
      if (this.#file === undefined) throw cause;
      const saved = await this.#file.read(this.#now()).catch((error: unknown) => {
        const unused = error instanceof Error ? error.message : String(error);
        throw new Error(`${reasonOf(cause)}. The keys of the last run cannot stand in for it: ${unused}`, { cause });
      });
      // Of no version: what the database says from its first answer on replaces it.
      this.#known = { version: NOTHING_READ, callers: saved.callers };
      this.#currentAt = saved.currentAt;
      return "file";
    }
  }

  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.#isPollAskedFor = false;
    this.refresh()
      // Has been reported.
      .catch(() => undefined)
      .finally(() => {
        this.#isPolling = false;
        if (this.#isPollAskedFor) this.#poll();
      });
  }

  async #readChanges(): Promise<void> {
    const askedAt = this.#now();
    try {
      if ((await this.#store.version()) !== this.#known.version) this.#known = await this.#store.known();
    } catch (error) {
      if (this.#isCurrent) this.#onFailure(error);
      this.#isCurrent = false;
      throw error;
    }
    this.#isCurrent = true;
    this.#currentAt = askedAt;
    if (this.#known.callers !== this.#savedCallers || askedAt - this.#savedAt >= REWRITE_MS) await this.#save();
  }

  async #save(): Promise<void> {
    const { callers } = this.#known;
    try {
      await this.#file?.write({ callers, currentAt: this.#currentAt });
      this.#savedCallers = callers;
      this.#savedAt = this.#currentAt;
      this.#isSaved = true;
    } catch (error) {
      if (this.#isSaved) this.#onFailure(error);
      this.#isSaved = false;
    }
  }
}

function unchecked(message: string): ApiError {
  return new ApiError("database_unavailable", message, { retryAfterSeconds: 1 });
}

/** What is wrong with the database, without the query that failed of it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof DatabaseUnavailableError || error.cause === undefined ? error.message : reasonOf(error.cause);
}
