import type { Counter, Histogram } from "prom-client";

/** What an attempt left behind, as in its row of the ledger. Null is "not known", which is not zero. */
export interface EndedAttempt {
  /** Resolved id. */
  readonly model: string;
  readonly outcome: "succeeded" | "cancelled" | "failed" | "interrupted";
  readonly uncachedPromptTokens: number | null;
  readonly cachedPromptTokens: number | null;
  /** Visible ones. */
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly firstTokenMs: number | null;
  readonly durationMs: number | null;
}

interface ModelInstruments {
  readonly attempts: Counter;
  readonly attemptDuration: Histogram;
  readonly tokens: Counter;
  readonly timeToFirstToken: Histogram;
  readonly interTokenLatency: Histogram;
  readonly queueTime: Histogram;
  readonly replicaRestarts: Counter;
  readonly modelLoads: Counter;
  readonly modelLoadDuration: Histogram;
  readonly modelEvictions: Counter;
}

const OUTCOMES = ["succeeded", "cancelled", "failed", "interrupted"] as const;

/** The series of one model; their children are looked up once, here. */
export class ModelMetrics {
  readonly label: { readonly model: string };
  readonly #instruments: ModelInstruments;
  readonly #tokens: ReadonlyArray<readonly [keyof EndedAttempt, Counter.Internal]>;
  readonly #interTokenLatency: Histogram.Internal<string>;
  readonly #timeToFirstToken: Histogram.Internal<string>;
  readonly #attemptDuration: Histogram.Internal<string>;
  readonly #queueTime: Histogram.Internal<string>;

  constructor(model: string, instruments: ModelInstruments) {
    this.label = { model };
    this.#instruments = instruments;
    const tokens = (name: string) => instruments.tokens.labels({ model, class: name });
    this.#tokens = [
      ["uncachedPromptTokens", tokens("uncached_prompt")],
      ["cachedPromptTokens", tokens("cached_prompt")],
      ["completionTokens", tokens("completion")],
      ["reasoningTokens", tokens("reasoning")],
    ];
    this.#interTokenLatency = instruments.interTokenLatency.labels(this.label);
    this.#timeToFirstToken = instruments.timeToFirstToken.labels(this.label);
    this.#attemptDuration = instruments.attemptDuration.labels(this.label);
    this.#queueTime = instruments.queueTime.labels(this.label);
  }

  /** Shows every series at zero. */
  begin(): void {
    const { attempts, attemptDuration, timeToFirstToken, interTokenLatency, queueTime, replicaRestarts, modelLoads, modelEvictions } =
      this.#instruments;
    for (const outcome of OUTCOMES) attempts.inc({ ...this.label, outcome }, 0);
    for (const outcome of ["succeeded", "failed"]) modelLoads.inc({ ...this.label, outcome }, 0);
    for (const [, counter] of this.#tokens) counter.inc(0);
    for (const counter of [replicaRestarts, modelEvictions]) counter.inc(this.label, 0);
    for (const histogram of [attemptDuration, timeToFirstToken, interTokenLatency, queueTime]) histogram.zero(this.label);
  }

  /** The hot path: called between two pieces of content of one answer. @param milliseconds since the piece before. */
  gap(milliseconds: number): void {
    this.#interTokenLatency.observe(milliseconds / 1_000);
  }

  attemptEnded(attempt: EndedAttempt): void {
    this.#instruments.attempts.inc({ ...this.label, outcome: attempt.outcome });
    for (const [name, counter] of this.#tokens) {
      const count = attempt[name];
      if (typeof count === "number") counter.inc(count);
    }
    if (attempt.firstTokenMs !== null) this.#timeToFirstToken.observe(attempt.firstTokenMs / 1_000);
    if (attempt.durationMs !== null) this.#attemptDuration.observe(attempt.durationMs / 1_000);
  }

  leftQueue(waitedMs: number): void {
    this.#queueTime.observe(waitedMs / 1_000);
  }

  replicaRestarted(): void {
    this.#instruments.replicaRestarts.inc(this.label);
  }

  loaded(outcome: "succeeded" | "failed", durationMs: number): void {
    this.#instruments.modelLoads.inc({ ...this.label, outcome });
    if (outcome === "succeeded") this.#instruments.modelLoadDuration.observe(this.label, durationMs / 1_000);
  }

  evicted(): void {
    this.#instruments.modelEvictions.inc(this.label);
  }
}
