import { setTimeout as delay } from "node:timers/promises";
import { newId } from "@bonfire/protocol/ids";
import { retryDelayMs } from "../storage/retry-delay.ts";
import { type AttemptFacts, type AttemptResult, type LedgerRow, withWholeCounts } from "./attempt.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { RowQueue } from "./row-queue.ts";
import { recoverSegments, replaySegment } from "./segment-replay.ts";
import { listSegments } from "./segments.ts";
import { WriteAheadFile } from "./write-ahead-file.ts";

interface LedgerOptions {
  /** Of the write-ahead file; used by one platform at a time: the caller holds the lock. */
  readonly directory: string;
  readonly store: Pick<LedgerStore, "insert">;
  /** Gets each row of this run once, when its attempt ends, and those that the start found interrupted. */
  readonly onRow?: (row: LedgerRow) => void;
  /** One message when something begins to fail, such as the database; nothing is lost by it unless the message says so. */
  readonly onFailure: (error: Error) => void;
  /** The database takes rows again. */
  readonly onRecovery: () => void;
  readonly sizes?: Partial<typeof SIZES>;
}

export interface Attempt {
  readonly id: string;
  /** The first call counts. Never throws. When it returns, the end survives the death of the process. */
  end(result: AttemptResult): void;
}

/** Nothing may be sent to a replica now, because it could not be metered. */
export class LedgerUnavailableError extends Error {
  override readonly name = "LedgerUnavailableError";
}

const SIZES = {
  segmentBytes: 4 * 1024 * 1024,
  /** Rows of one statement. */
  batchRows: 500,
  /** The first row of a batch waits no longer for others, milliseconds. */
  batchMs: 200,
  /** The others are read again from their segments: about 20 MB. */
  mostRowsInMemory: 20_000,
};

/** One row for each attempt, whatever dies: first in a file of this machine, then in the database. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #sizes: typeof SIZES;
  readonly #queue: RowQueue;
  #file: WriteAheadFile | undefined;
  #firstSegment = 0;
  /** What earlier runs left and is not in the database yet. */
  #earlier: ReturnType<typeof listSegments> = [];
  #running = 0;
  #isStopping = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#sizes = { ...SIZES, ...options.sizes };
    this.#queue = new RowQueue(this.#sizes.mostRowsInMemory);
  }

  /** Attempts that have begun and not ended. */
  get runningAttempts(): number {
    return this.#running;
  }

  /** Ended attempts of this run that are not in the database yet. */
  get rowsWaiting(): number {
    return this.#queue.size;
  }

  get writeAheadBytes(): number {
    return this.#earlier.reduce((sum, { bytes }) => sum + bytes, this.#file?.bytes ?? 0);
  }

  /**
   * Brings what earlier runs left into the database. When that cannot take it now, it is tried again while attempts are made. They may be
   * made as soon as this was called: who has much to recover need not wait.
   * @throws when the directory cannot be used.
   */
  async start(): Promise<void> {
    const { directory, onFailure } = this.#options;
    const file = new WriteAheadFile({ directory, segmentBytes: this.#sizes.segmentBytes, onFailure });
    this.#firstSegment = file.segment;
    this.#listEarlier();
    this.#file = file;
    await this.#workOnce();
  }

  /** @throws LedgerUnavailableError when the attempt cannot be written down: it must not be made then. */
  begin(facts: AttemptFacts): Attempt {
    const file = this.#file;
    if (file === undefined || this.#isStopping) throw new LedgerUnavailableError("The ledger takes no attempts: it is not running.");
    const id = newId("att");
    try {
      file.begin(id, facts);
    } catch (cause) {
      throw new LedgerUnavailableError("The attempt could not be written to the ledger's write-ahead file.", { cause });
    }
    this.#running += 1;
    let hasEnded = false;
    return {
      id,
      end: (result) => {
        if (hasEnded) return;
        hasEnded = true;
        this.#running -= 1;
        this.#end(id, facts, withWholeCounts(result));
      },
    };
  }

  /** Inserts what waits, for at most `deadlineMs`; the next start does the rest, and takes what still runs for interrupted. Safe to call twice. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    const deadline = AbortSignal.timeout(deadlineMs);
    const isOver = new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve(), { once: true }));
    while (this.#hasWork() && !deadline.aborted) {
      await Promise.race([this.#workOnce(), isOver]);
      if (this.#failures > 0) await delay(retryDelayMs(this.#failures), undefined, { signal: deadline }).catch(() => undefined);
    }
    clearTimeout(this.#timer);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #end(id: string, facts: AttemptFacts, result: AttemptResult): void {
    // After the stop nobody is left to insert the row: the next start finds a begin without an end.
    if (this.#file === undefined) return;
    const row = { id, ...facts, ...result };
    this.#queue.add(row, this.#file.end(id, result));
    this.#options.onRow?.(row);
    if (this.#failures > 0) return;
    if (this.#queue.rowsInMemory === this.#sizes.batchRows) this.#workIn(0);
    else if (this.#timer === undefined) this.#workIn(this.#sizes.batchMs);
  }

  #hasWork(): boolean {
    return this.#earlier.length > 0 || this.#queue.size > 0;
  }

  #workIn(milliseconds: number): void {
    if (this.#work !== undefined || this.#file === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#workOnce(), milliseconds);
    this.#timer.unref();
  }

  /** One at a time; plans the next one when it has left something. Never rejects. */
  #workOnce(): Promise<void> {
    this.#work ??= this.#insertAll().finally(() => {
      this.#work = undefined;
      if (!this.#hasWork() || this.#isStopping) return;
      this.#workIn(this.#failures === 0 ? this.#sizes.batchMs : retryDelayMs(this.#failures));
    });
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#work;
  }

  async #insertAll(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      await this.#recover();
      await this.#insertWaiting(file);
      await this.#replayOverflow(file);
    } catch (cause) {
      this.#failures += 1;
      if (this.#failures === 1) this.#options.onFailure(new Error("The ledger's rows wait: they could not be inserted.", { cause }));
      return;
    }
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#options.onRecovery();
  }

  async #recover(): Promise<void> {
    if (this.#earlier.length === 0) return;
    // A try before this one may have brought some of them into the database.
    this.#listEarlier();
    const interrupted = await recoverSegments(this.#earlier, this.#replayOptions());
    this.#earlier = [];
    for (const row of interrupted) this.#options.onRow?.(row);
  }

  #listEarlier(): void {
    this.#earlier = listSegments(this.#options.directory).filter(({ number }) => number < this.#firstSegment);
  }

  async #insertWaiting(file: WriteAheadFile): Promise<void> {
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      await this.#options.store.insert(batch.map(({ row }) => row));
      this.#queue.removeFirst(batch.length);
      file.settle(batch.map(({ end }) => end));
    }
  }

  #nextBatch() {
    return this.#queue.first(this.#sizes.batchRows);
  }

  async #replayOverflow(file: WriteAheadFile): Promise<void> {
    for (let number = this.#queue.overflowedSegment(); number !== undefined; number = this.#queue.overflowedSegment()) {
      if (number === file.segment) file.rotate();
      await replaySegment({ number, path: file.pathOf(number) }, this.#replayOptions());
      file.forget(number);
      this.#queue.forgetOverflow(number);
    }
  }

  #replayOptions() {
    const { store, onFailure } = this.#options;
    return {
      insert: (rows: readonly LedgerRow[]) => store.insert(rows),
      batchRows: this.#sizes.batchRows,
      onDamage: onFailure,
    };
  }
}
