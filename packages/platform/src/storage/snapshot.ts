import { DatabaseUnavailableError } from "./database.ts";
import type { SnapshotFile } from "./snapshot-file.ts";
import type { SnapshotKind } from "./snapshot-version.ts";

/** All data of one kind as of one version. */
export interface KnownEntries<Entry> {
  readonly version: number;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Where data of one kind comes from: its table. */
export interface SnapshotSource<Entry> {
  version(): Promise<number>;
  known(): Promise<KnownEntries<Entry>>;
}

export interface SnapshotOptions<Entry> {
  /** Where what is known is saved for a start without the database; absent where it is not. */
  readonly file?: SnapshotFile<Entry>;
  /** Calls back when something may have been changed elsewhere. @returns what ends that. */
  readonly onChange?: (listener: () => void) => () => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How often the database is asked whether anything changed, milliseconds. */
  readonly pollMs?: number;
}

/** How soon a change made elsewhere is seen where its notification was lost; a change made by this process is seen at once. */
const POLL_MS = 1_000;
/** How far the time in the file may lag behind while nothing changes, out of 24 hours. */
const REWRITE_MS = 600_000;
const NOTHING_READ = -1;

/** Data of one kind in memory, kept fresh and saved: no request waits for the database, and what is known is known while that is away. */
export class Snapshot<Entry> {
  readonly #kind: SnapshotKind;
  readonly #source: SnapshotSource<Entry>;
  readonly #onFailure: (error: unknown) => void;
  readonly #file: SnapshotFile<Entry> | undefined;
  readonly #now: () => number;
  readonly #pollMs: number;
  readonly #onChange: (listener: () => void) => () => void;
  #known: KnownEntries<Entry> = { version: NOTHING_READ, entries: new Map() };
  #currentAt = Number.NEGATIVE_INFINITY;
  #isCurrent = false;
  #savedAt = Number.NEGATIVE_INFINITY;
  #savedEntries: ReadonlyMap<string, Entry> | undefined;
  #isSaved = true;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;
  #lastRead: Promise<void> = Promise.resolve();
  #isPolling = false;
  #isPollAskedFor = false;

  /** @param onFailure hears of the first failure in a row, of reading as of saving. */
  constructor(
    kind: SnapshotKind,
    source: SnapshotSource<Entry>,
    onFailure: (error: unknown) => void,
    options: SnapshotOptions<Entry> = {},
  ) {
    this.#kind = kind;
    this.#source = source;
    this.#onFailure = onFailure;
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#onChange = options.onChange ?? (() => () => undefined);
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#known.entries;
  }

  /** When the entries were last known to be right, milliseconds since 1970. */
  get currentAt(): number {
    return this.#currentAt;
  }

  /** Whether the last look at the database succeeded. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /**
   * Reads everything for the first time, from the file where the database is away.
   * @returns where it came from.
   * @throws what the database said where the file does not help, and why it does not.
   */
  async load(): Promise<"database" | "file"> {
    try {
      await this.refresh();
      return "database";
    } catch (cause) {
      if (this.#file === undefined) throw cause;
      const saved = await this.#file.read(this.#now()).catch((error: unknown) => {
        const unused = error instanceof Error ? error.message : String(error);
        throw new Error(`${reasonOf(cause)}. The ${this.#kind} of the last run cannot stand in for it: ${unused}`, { cause });
      });
      // Of no version: what the database says from its first answer on replaces it.
      this.#known = { version: NOTHING_READ, entries: saved.entries };
      this.#currentAt = saved.currentAt;
      return "file";
    }
  }

  /** Keeps it fresh from now on. */
  follow(): void {
    this.#stopListening = this.#onChange(() => {
      // A read that is under way may have begun before the change.
      this.#isPollAskedFor = true;
      this.#poll();
    });
    this.#timer = setInterval(() => this.#poll(), this.#pollMs);
    this.#timer.unref();
  }

  /** Reads what changed, and saves it; after a read that is under way, since that one may have begun before the change. */
  refresh(): Promise<void> {
    this.#lastRead = this.#lastRead.catch(() => undefined).then(() => this.#readChanges());
    return this.#lastRead;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    await this.#lastRead.catch(() => undefined);
    if (this.#isCurrent) await this.#save();
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
      if ((await this.#source.version()) !== this.#known.version) this.#known = await this.#source.known();
    } catch (error) {
      if (this.#isCurrent) this.#onFailure(error);
      this.#isCurrent = false;
      throw error;
    }
    this.#isCurrent = true;
    this.#currentAt = askedAt;
    if (this.#known.entries !== this.#savedEntries || askedAt - this.#savedAt >= REWRITE_MS) await this.#save();
  }

  async #save(): Promise<void> {
    const { entries } = this.#known;
    try {
      await this.#file?.write({ entries, currentAt: this.#currentAt });
      this.#savedEntries = entries;
      this.#savedAt = this.#currentAt;
      this.#isSaved = true;
    } catch (error) {
      if (this.#isSaved) this.#onFailure(error);
      this.#isSaved = false;
    }
  }
}

/** What is wrong with the database, without the query that failed of it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof DatabaseUnavailableError || error.cause === undefined ? error.message : reasonOf(error.cause);
}
