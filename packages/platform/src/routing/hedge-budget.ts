/** What a quiet hour leaves to a busy minute. */
const MOST_SAVED = 10;

/**
 * One for each route. Each request puts its share in, a hedge takes one out: however many are slow at once, hedges are never more than their share of
 * all requests so far.
 */
export class HedgeBudget {
  readonly #share: number;
  #saved = 0;

  /** @param share most hedges for each request: 0.05 is one for twenty. */
  constructor(share: number) {
    this.#share = share;
  }

  noteRequest(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + this.#share);
  }

  /** @returns whether a second attempt may be made; then it is counted. */
  tryTake(): boolean {
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}
