const MOST_SAMPLES = 128;
/** With fewer, the slowest of them would be the quantile. */
const FEWEST_SAMPLES = 20;
const QUANTILE = 0.95;
/** Sorting is not done for each request. */
const SAMPLES_BETWEEN_SORTS = 8;

/** What 95 % of the last 128 first tokens took, milliseconds. */
export class FirstTokenQuantile {
  readonly #samples: number[] = [];
  #next = 0;
  #value: number | undefined;
  #newSamples = 0;

  observe(firstTokenMs: number): void {
    this.#samples[this.#next] = firstTokenMs;
    this.#next = (this.#next + 1) % MOST_SAMPLES;
    this.#newSamples++;
  }

  /** Undefined until 20 were seen. */
  p95(): number | undefined {
    if (this.#samples.length < FEWEST_SAMPLES) return undefined;
    if (this.#value === undefined || this.#newSamples >= SAMPLES_BETWEEN_SORTS) {
      const sorted = Float64Array.from(this.#samples).sort();
      this.#value = sorted[Math.ceil(QUANTILE * sorted.length) - 1];
      this.#newSamples = 0;
    }
    return this.#value;
  }
}
