/** What the newest interval counts in the mean. */
const NEWEST_SHARE = 0.1;
const SHORTEST_SECONDS = 1;
const LONGEST_SECONDS = 120;

/** How often a queue gets a place, observed only while somebody waits: otherwise it is the requests that are rare, not the places. */
export class PlaceRate {
  #meanIntervalMs: number | undefined;
  #lastAt = 0;

  /** The first one begins to wait. */
  waitingBegan(nowMs: number): void {
    this.#lastAt = nowMs;
  }

  placeCame(nowMs: number): void {
    const intervalMs = nowMs - this.#lastAt;
    const meanMs = this.#meanIntervalMs ?? intervalMs;
    this.#meanIntervalMs = meanMs + (intervalMs - meanMs) * NEWEST_SHARE;
    this.#lastAt = nowMs;
  }

  /** How long it takes, while somebody waits, until so many places have come free: 1 to 120 s; 1 s where nothing is known yet. */
  secondsUntil(places: number, nowMs: number): number {
    if (this.#meanIntervalMs === undefined) return SHORTEST_SECONDS;
    // A silence that lasts longer than the mean says that the mean is out of date.
    const intervalMs = Math.max(this.#meanIntervalMs, nowMs - this.#lastAt);
    return Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, Math.ceil((places * intervalMs) / 1_000)));
  }
}
