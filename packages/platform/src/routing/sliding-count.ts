/** How often something happened in the time just past, in a fixed number of buckets. */
export class SlidingCount {
  readonly #bucketMs: number;
  readonly #counts: number[];
  /** Number of the newest bucket since 1970. */
  #newest = 0;
  #total = 0;

  constructor({ windowMs, buckets }: { readonly windowMs: number; readonly buckets: number }) {
    this.#bucketMs = windowMs / buckets;
    this.#counts = new Array<number>(buckets).fill(0);
  }

  add(now: number): void {
    this.#advance(now);
    const index = this.#newest % this.#counts.length;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  total(now: number): number {
    this.#advance(now);
    return this.#total;
  }

  #advance(now: number): void {
    const newest = Math.floor(now / this.#bucketMs);
    const passed = newest - this.#newest;
    const { length } = this.#counts;
    if (passed === 0) return;
    // A clock that was set back by a little goes on in the newest bucket.
    if (passed < 0 && passed > -length) return;
    if (passed < 0 || passed >= length) {
      this.#counts.fill(0);
      this.#total = 0;
    } else {
      for (let bucket = this.#newest + 1; bucket <= newest; bucket++) {
        this.#total -= this.#counts[bucket % length] ?? 0;
        this.#counts[bucket % length] = 0;
      }
    }
    this.#newest = newest;
  }
}
