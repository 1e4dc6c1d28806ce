import { SlidingCount } from "./sliding-count.ts";

const WINDOW_MS = 10_000;
const WINDOW = { windowMs: WINDOW_MS, buckets: 10 };
/** Of the requests in the window. */
const SHARE = 0.2;
/** For gateways with few requests, where a share would be nothing. */
const FREE_PER_SECOND = 10;
const FREE = (FREE_PER_SECOND * WINDOW_MS) / 1_000;

/**
 * One for each gateway. When everything fails, retries add a fifth to the load and ten a second, instead of multiplying it: what is overloaded
 * can recover.
 */
export class RetryBudget {
  readonly #requests = new SlidingCount(WINDOW);
  readonly #retries = new SlidingCount(WINDOW);

  /** @param now milliseconds since 1970. */
  noteRequest(now: number): void {
    this.#requests.add(now);
  }

  /** @returns whether a retry may be made; then it is counted. */
  tryTake(now: number): boolean {
    if (this.#retries.total(now) + 1 > SHARE * this.#requests.total(now) + FREE) return false;
    this.#retries.add(now);
    return true;
  }
}
