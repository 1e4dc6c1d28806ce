const HALF_LIFE_MS = 10_000;

/**
 * A moving average of latencies after Finagle's PeakEWMA: it jumps to a higher sample at once, and comes down with a half-life of 10 s, also while nothing
 * is heard, so that what was slow is tried again. Times are milliseconds.
 */
export class PeakEwma {
  #value: number | undefined;
  #at = 0;

  /** What came after `sampleMs`. */
  observe(sampleMs: number, now: number): void {
    const earlier = this.#value;
    if (earlier === undefined || sampleMs >= earlier) {
      this.#value = sampleMs;
    } else {
      const rest = remaining(now - this.#at);
      this.#value = earlier * rest + sampleMs * (1 - rest);
    }
    this.#at = now;
  }

  /** It takes `sampleMs` at least: the value is never lowered by it. */
  raise(sampleMs: number, now: number): void {
    const current = this.value(now);
    if (current !== undefined && current >= sampleMs) return;
    this.#value = sampleMs;
    this.#at = now;
  }

  /** Undefined: nothing was heard yet. */
  value(now: number): number | undefined {
    return this.#value === undefined ? undefined : this.#value * remaining(now - this.#at);
  }
}

/** A clock that was set back lets nothing grow. */
function remaining(elapsedMs: number): number {
  return elapsedMs <= 0 ? 1 : 2 ** (-elapsedMs / HALF_LIFE_MS);
}
