import type { ModelMetrics } from "./model-metrics.ts";
import type { AttemptTrace } from "./trace.ts";

/** Watches the pieces of content of one attempt go by. */
export class TokenPace {
  readonly #model: Pick<ModelMetrics, "gap">;
  readonly #trace: Pick<AttemptTrace, "firstToken">;
  readonly #now: () => number;
  /** When each choice had its latest piece. */
  readonly #latest: number[] = [];

  /** @param now milliseconds that only grow. */
  constructor(model: Pick<ModelMetrics, "gap">, trace: Pick<AttemptTrace, "firstToken">, now: () => number = () => performance.now()) {
    this.#model = model;
    this.#trace = trace;
    this.#now = now;
  }

  /** A piece of text or reasoning has come. At most one observation; under a microsecond. */
  token(choice: number): void {
    const now = this.#now();
    const latest = this.#latest[choice];
    this.#latest[choice] = now;
    if (latest !== undefined) this.#model.gap(now - latest);
    else this.#trace.firstToken();
  }
}
