import { retryDelayMs } from "../storage/retry-delay.ts";

/** Failures in a row after which a store is left alone for a while. */
const FAILURES = 3;

/** Whether a store that fails is asked again already: after a while that doubles, by one request. */
export class StoreOutage {
  #failures = 0;
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #isTrying = false;

  /** Asks for the right to try once: of those that come when the while is over, one gets it. */
  mayTry(nowMs: number): boolean {
    if (this.#failures < FAILURES) return true;
    if (nowMs < this.#aloneUntilMs) return false;
    this.#aloneUntilMs = nowMs + this.#restMs;
    this.#isTrying = true;
    return true;
  }

  /** @returns whether an outage has ended with it. */
  succeeded(): boolean {
    const hasEnded = this.#failures >= FAILURES;
    this.#failures = 0;
    this.#isTrying = false;
    return hasEnded;
  }

  /** @returns whether an outage has begun with it. */
  failed(nowMs: number): boolean {
    // Those that were under way when it began say nothing new.
    if (this.#failures >= FAILURES && !this.#isTrying) return false;
    this.#isTrying = false;
    this.#failures++;
    this.#aloneUntilMs = nowMs + this.#restMs;
    return this.#failures === FAILURES;
  }

  get #restMs(): number {
    return retryDelayMs(Math.max(1, this.#failures - FAILURES + 1));
  }
}
