import type { LedgerRow } from "./attempt.ts";
import type { WrittenEnd } from "./write-ahead-file.ts";

interface WaitingRow {
  readonly row: LedgerRow;
  readonly end: WrittenEnd;
}

/** Rows on their way to the database, at most so many in memory; of the others only the segment that holds them is kept. */
export class RowQueue {
  readonly #mostRows: number;
  #rows: WaitingRow[] = [];
  /** Number of rows that were left out of memory, by segment. */
  readonly #overflow = new Map<number, number>();

  constructor(mostRows: number) {
    this.#mostRows = mostRows;
  }

  /** Rows that are not in the database, in memory or not. */
  get size(): number {
    let size = this.#rows.length;
    for (const rows of this.#overflow.values()) size += rows;
    return size;
  }

  get rowsInMemory(): number {
    return this.#rows.length;
  }

  /** A row whose end is in no segment stays in memory in any case: there are no more of them than attempts that ran when the disk was full. */
  add(row: LedgerRow, end: WrittenEnd): void {
    const { segment } = end;
    if (this.#rows.length < this.#mostRows || segment === undefined) this.#rows.push({ row, end });
    else this.#overflow.set(segment, (this.#overflow.get(segment) ?? 0) + 1);
  }

  /** The oldest rows in memory; they stay until `removeFirst`. */
  first(count: number): readonly WaitingRow[] {
    return this.#rows.slice(0, count);
  }

  removeFirst(count: number): void {
    this.#rows.splice(0, count);
  }

  /** The oldest segment with rows that are not in memory. */
  overflowedSegment(): number | undefined {
    const [segment] = this.#overflow.keys();
    return segment;
  }

  forgetOverflow(segment: number): void {
    this.#overflow.delete(segment);
  }
}
