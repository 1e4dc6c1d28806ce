import { quantiles } from "../measure/statistics.ts";
import type { Answer } from "./answer-recorder.ts";
import type { LoadSummary } from "./load-plan.ts";

const QUOTED_FAILURES = 3;
/** Where nothing was measured; the parent reads numbers only. */
const NOTHING = { p50: 0, p90: 0, p99: 0, max: 0 };

/** Adds up the answers of one plan. */
export class SummaryBuilder {
  readonly #startedAt = performance.now();
  readonly #latencies: number[] = [];
  readonly #firstContents: number[] = [];
  readonly #lateness: number[] = [];
  readonly #firstFailures: string[] = [];
  #failures = 0;
  #events = 0;
  #promptTokens = 0;
  #completionTokens = 0;
  #lastEndedAt = this.#startedAt;

  /** @param dueAt the moment from which latencies count. */
  add(answer: Answer, dueAt: number): void {
    this.#lastEndedAt = Math.max(this.#lastEndedAt, answer.endedAt);
    if (answer.fault !== undefined) {
      this.fail(answer.fault);
      return;
    }
    this.#latencies.push(answer.endedAt - dueAt);
    this.#firstContents.push(answer.firstContentAt - dueAt);
    this.#events += answer.events;
    this.#promptTokens += answer.promptTokens;
    this.#completionTokens += answer.completionTokens;
  }

  addLateness(milliseconds: number): void {
    this.#lateness.push(milliseconds);
  }

  fail(fault: unknown): void {
    this.#failures++;
    if (this.#firstFailures.length < QUOTED_FAILURES) this.#firstFailures.push(fault instanceof Error ? fault.message : String(fault));
  }

  summary(beside: Pick<LoadSummary, "longestGapMs" | "stillRunning"> = { longestGapMs: 0, stillRunning: 0 }): LoadSummary {
    const describe = (values: readonly number[]) => (values.length === 0 ? NOTHING : quantiles(values));
    return {
      answers: this.#latencies.length,
      failures: this.#failures,
      firstFailures: this.#firstFailures,
      elapsedMs: this.#lastEndedAt - this.#startedAt,
      events: this.#events,
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      latencyMs: describe(this.#latencies),
      firstContentMs: describe(this.#firstContents),
      latenessMs: describe(this.#lateness),
      ...beside,
    };
  }
}
