import { ApiError } from "@bonfire/protocol/errors";
import type { Caller } from "./caller.ts";
import { hashKeySecret } from "./key-secret.ts";
import type { KeyStore, KnownKeys } from "./key-store.ts";

/** How soon a change made elsewhere is seen; a change made by this process is seen at once. */
const POLL_MS = 1_000;

/** The keys in memory: no request waits for the database, and known keys work while it is away. */
export class KeySnapshot {
  readonly #store: KeyStore;
  readonly #onFailure: (error: unknown) => void;
  #known: KnownKeys = { version: -1, callers: new Map() };
  #current = false;
  #timer: NodeJS.Timeout | undefined;
  #lastRead: Promise<void> = Promise.resolve();
  #pollIsDue = true;

  constructor(store: KeyStore, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Reads all keys, then keeps them fresh. */
  async start(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    this.#timer.unref();
  }

  /** Reads what changed; after a read that is under way, since that one may have begun before the change. */
  refresh(): Promise<void> {
    this.#lastRead = this.#lastRead.catch(() => undefined).then(() => this.#readChanges());
    return this.#lastRead;
  }

  /** @throws ApiError `invalid_api_key`, or `database_unavailable` for a key that may have been made while the database was away. */
  authenticate(secret: string): Caller {
    const caller = this.#known.callers.get(hashKeySecret(secret));
    if (caller !== undefined) return caller;
    if (!this.#current) {
      throw new ApiError("database_unavailable", "This key cannot be checked right now, because the database is away.", {
        retryAfterSeconds: 1,
      });
    }
    throw new ApiError("invalid_api_key", "Incorrect API key provided. Create one with `bonfire keys create`.");
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #poll(): void {
    if (!this.#pollIsDue) return;
    this.#pollIsDue = false;
    this.refresh()
      .catch(this.#onFailure)
      .finally(() => {
        this.#pollIsDue = true;
      });
  }

  async #readChanges(): Promise<void> {
    try {
      if ((await this.#store.version()) !== this.#known.version) this.#known = await this.#store.known();
      this.#current = true;
    } catch (error) {
      this.#current = false;
      throw error;
    }
  }
}
