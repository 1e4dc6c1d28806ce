import { mkdirSync } from "node:fs";
import type { AttemptFacts, AttemptResult } from "./attempt.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { nextSegmentNumber, removeSegment, segmentPath } from "./segments.ts";
import { beginLine, CLOSED_LINE, endLine } from "./write-ahead-record.ts";

interface WriteAheadFileOptions {
  /** Used by one platform at a time: the caller holds the lock. */
  readonly directory: string;
  /** A segment that is longer is closed. */
  readonly segmentBytes: number;
  /** Gets the first of the failures of one kind in a row. */
  readonly onFailure: (error: Error) => void;
}

/** Where the end of an attempt was written; undefined when it could not be. */
export interface WrittenEnd {
  readonly id: string;
  readonly segment: number | undefined;
}

/** What can go wrong without anybody waiting for it. */
const FAILURES = {
  end: "The end of an attempt could not be written to the ledger's write-ahead file.",
  rotate: "The ledger's write-ahead file could not begin its next segment.",
  remove: "A segment of the ledger's write-ahead file could not be deleted.",
  sync: "The ledger's write-ahead file could not be synced.",
};

/** The first unsynced write waits no longer than this before a sync is begun. */
const SYNC_AFTER_MS = 50;

/**
 * Begins and ends of attempts, in the kernel before the call returns, so that they survive the death of the process; on the disk within
 * about 100 ms. When a segment is closed, what still runs begins once more in the next one: so each row is whole in one segment, and a
 * segment can go as soon as the rows that ended in it are in the database, however long others run.
 */
export class WriteAheadFile {
  readonly #options: WriteAheadFileOptions;
  #current: SegmentWriter;
  /** Begins without a written end, by id. */
  readonly #open = new Map<string, string>();
  /** Rows that are not in the database yet, by segment. */
  readonly #unsettled = new Map<number, number>();
  /** Bytes of those that are closed and still there. */
  readonly #closed = new Map<number, number>();
  readonly #retiring = new Set<Promise<void>>();
  #rotateAt: number;
  #syncTimer: NodeJS.Timeout | undefined;
  #isSyncing = false;
  readonly #failing = new Set<keyof typeof FAILURES>();
  #isClosed = false;

  /** @throws when the directory cannot be used. */
  constructor(options: WriteAheadFileOptions) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const number = nextSegmentNumber(options.directory);
    this.#options = options;
    this.#current = new SegmentWriter(number, segmentPath(options.directory, number));
    this.#rotateAt = options.segmentBytes;
  }

  /** Number of the segment that is written now. */
  get segment(): number {
    return this.#current.number;
  }

  /** Size of all segments, those of earlier runs aside. */
  get bytes(): number {
    let bytes = this.#current.bytes;
    for (const closed of this.#closed.values()) bytes += closed;
    return bytes;
  }

  /** @throws when it could not be written: the attempt must not be made then. */
  begin(id: string, facts: AttemptFacts): void {
    const line = beginLine(id, facts);
    this.#append(line);
    this.#open.set(id, line);
  }

  /** Never throws: an answer that was given is not taken back. The row has to be kept until it is settled. */
  end(id: string, result: AttemptResult): WrittenEnd {
    try {
      this.#append(endLine(id, result));
    } catch (cause) {
      this.#fail("end", cause);
      return { id, segment: undefined };
    }
    this.#failing.delete("end");
    const segment = this.#current.number;
    this.#open.delete(id);
    this.#unsettled.set(segment, (this.#unsettled.get(segment) ?? 0) + 1);
    if (this.#current.bytes >= this.#rotateAt) this.#tryRotate();
    return { id, segment };
  }

  /** Says that the rows of these ends are in the database. Segments that nobody needs any more are deleted. */
  settle(ends: readonly WrittenEnd[]): void {
    for (const { id, segment } of ends) {
      if (segment === undefined) {
        this.#open.delete(id);
        continue;
      }
      const left = (this.#unsettled.get(segment) ?? 1) - 1;
      if (left > 0) this.#unsettled.set(segment, left);
      else {
        this.#unsettled.delete(segment);
        if (this.#closed.has(segment)) this.#remove(segment);
      }
    }
  }

  /** Closes the current segment, so that it can be read. @throws when the next one cannot be made. */
  rotate(): void {
    const number = this.#current.number + 1;
    const next = new SegmentWriter(number, segmentPath(this.#options.directory, number));
    try {
      for (const line of this.#open.values()) next.append(line);
      // Last: until it is there, this segment tells of the open attempts.
      this.#current.append(CLOSED_LINE);
    } catch (error) {
      next.discard();
      throw error;
    }
    const closed = this.#current;
    this.#current = next;
    this.#rotateAt = next.bytes + this.#options.segmentBytes;
    this.#retire(closed);
    this.#closed.set(closed.number, closed.bytes);
    if (!this.#unsettled.has(closed.number)) this.#remove(closed.number);
  }

  /** A closed segment was read again or set aside: it is no longer counted. */
  forget(segment: number): void {
    this.#unsettled.delete(segment);
    this.#closed.delete(segment);
  }

  pathOf(segment: number): string {
    return segmentPath(this.#options.directory, segment);
  }

  /** On the disk when it resolves. Deletes the current segment when nothing in it is still needed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#syncTimer);
    const { number, path } = this.#current;
    if (this.#open.size === 0 && !this.#unsettled.has(number)) removeSegment(path);
    this.#retire(this.#current);
    await Promise.all(this.#retiring);
  }

  #append(line: string): void {
    if (this.#isClosed) throw new Error("The ledger's write-ahead file is closed.");
    this.#current.append(line);
    this.#syncSoon();
  }

  /** A segment that cannot be closed now goes on, and is tried again when it has grown. */
  #tryRotate(): void {
    try {
      this.rotate();
      this.#failing.delete("rotate");
    } catch (cause) {
      this.#rotateAt = this.#current.bytes + this.#options.segmentBytes;
      this.#fail("rotate", cause);
    }
  }

  #remove(segment: number): void {
    this.forget(segment);
    try {
      removeSegment(this.pathOf(segment));
      this.#failing.delete("remove");
    } catch (cause) {
      // Harmless: the next start reads it, and finds its rows in the database.
      this.#fail("remove", cause);
    }
  }

  #syncSoon(): void {
    if (this.#syncTimer !== undefined || this.#isSyncing) return;
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined;
      void this.#sync();
    }, SYNC_AFTER_MS);
    this.#syncTimer.unref();
  }

  async #sync(): Promise<void> {
    const segment = this.#current;
    const { bytes } = segment;
    this.#isSyncing = true;
    try {
      await segment.sync();
      this.#failing.delete("sync");
    } catch (cause) {
      // One that was closed meanwhile is synced by its retirement.
      if (segment === this.#current) this.#fail("sync", cause);
    }
    this.#isSyncing = false;
    const isBehind = segment !== this.#current || this.#current.bytes > bytes;
    if (isBehind && !this.#isClosed) this.#syncSoon();
  }

  #retire(segment: SegmentWriter): void {
    const retired = segment.syncAndClose().catch((cause: unknown) => this.#fail("sync", cause));
    this.#retiring.add(retired);
    void retired.finally(() => this.#retiring.delete(retired));
  }

  #fail(what: keyof typeof FAILURES, cause: unknown): void {
    if (this.#failing.has(what)) return;
    this.#failing.add(what);
    this.#options.onFailure(new Error(FAILURES[what], { cause }));
  }
}
