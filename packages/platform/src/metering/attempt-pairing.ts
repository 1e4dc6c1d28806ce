import { type AttemptFacts, INTERRUPTED, type LedgerRow } from "./attempt.ts";
import type { WriteAheadRecord } from "./write-ahead-record.ts";

interface OpenAttempt {
  readonly facts: AttemptFacts;
  /** Where its latest begin lies. */
  readonly segment: number;
}

/** Makes rows of begins and ends, read in the order in which they were written. Holds open attempts only. */
export class AttemptPairing {
  readonly #open = new Map<string, OpenAttempt>();

  /** @returns the row that an end completes. An end whose begin lies in no segment any more needs none: its row is in the database. */
  accept(record: WriteAheadRecord, segment: number): LedgerRow | undefined {
    if (record.type === "begin") {
      const { type: _, id, ...facts } = record;
      this.#open.set(id, { facts, segment });
      return undefined;
    }
    if (record.type === "closed") {
      this.#forget(segment);
      return undefined;
    }
    const begun = this.#open.get(record.id);
    if (begun === undefined) return undefined;
    this.#open.delete(record.id);
    const { type: _, id, ...result } = record;
    return { id, ...begun.facts, ...result };
  }

  hasOpen(segment: number): boolean {
    return [...this.#open.values()].some((attempt) => attempt.segment === segment);
  }

  /** Rows of the attempts whose end was never written. */
  interrupted(): LedgerRow[] {
    return [...this.#open].map(([id, { facts }]) => ({ id, ...facts, ...INTERRUPTED }));
  }

  /** What was running when a segment was closed goes on in the next one; where that is gone, its rows are in the database. */
  #forget(segment: number): void {
    for (const [id, attempt] of this.#open) if (attempt.segment === segment) this.#open.delete(id);
  }
}
