import { ApiError } from "@bonfire/protocol/errors";
import { Snapshot, type SnapshotOptions } from "../storage/snapshot.ts";
import { SNAPSHOT_MAX_AGE_MS } from "../storage/snapshot-file.ts";
import type { Caller } from "./caller.ts";
import { hashKeySecret } from "./key-secret.ts";
import type { KeyStore } from "./key-store.ts";

interface KeySnapshotOptions extends SnapshotOptions<Caller> {
  /** Whether the database is known to be away: it may be known earlier than the next poll. */
  readonly isAway?: () => boolean;
}

/** The keys in memory, by the hash of their secret: known keys work while the database is away, for at most a day. */
export class KeySnapshot {
  readonly #keys: Snapshot<Caller>;
  readonly #isAway: () => boolean;
  readonly #now: () => number;

  /** @param onFailure hears of the first failure in a row, of reading as of saving. */
  constructor(store: KeyStore, onFailure: (error: unknown) => void, options: KeySnapshotOptions = {}) {
    this.#keys = new Snapshot("keys", store, onFailure, options);
    this.#isAway = options.isAway ?? (() => false);
    this.#now = options.now ?? Date.now;
  }

  /**
   * Reads all keys, from the file where the database is away, then keeps them fresh.
   * @returns where they came from.
   * @throws what the database said where the file does not help, and why it does not.
   */
  async start(): Promise<"database" | "file"> {
    const source = await this.#keys.load();
    this.#keys.follow();
    return source;
  }

  /** Reads what changed, and saves it. */
  refresh(): Promise<void> {
    return this.#keys.refresh();
  }

  /** @throws ApiError `invalid_api_key`, or `database_unavailable` where that is not known: for a new key, and for every one after a day. */
  authenticate(secret: string): Caller {
    const { currentAt, entries, isCurrent } = this.#keys;
    if (this.#now() - currentAt > SNAPSHOT_MAX_AGE_MS) {
      throw unchecked("No key can be checked, because the database has been away for more than 24 hours.");
    }
    const caller = entries.get(hashKeySecret(secret));
    if (caller !== undefined) return caller;
    if (!isCurrent || this.#isAway()) throw unchecked("This key cannot be checked right now, because the database is away.");
    throw new ApiError("invalid_api_key", "Incorrect API key provided. Create one with `bonfire keys create`.");
  }

  stop(): Promise<void> {
    return this.#keys.stop();
  }
}

function unchecked(message: string): ApiError {
  return new ApiError("database_unavailable", message, { retryAfterSeconds: 1 });
}
