import { RETRY_CLASSES, type RetryClass } from "@bonfire/protocol/routes";
import type { Counter, Histogram } from "prom-client";
import { type DeploymentAttempt, OUTCOMES } from "./deployment-metrics.ts";

/** What an attempt left behind, as in its row of the ledger. Null is "not known", which is not zero. */
export interface EndedAttempt extends DeploymentAttempt {
  /** Resolved id. */
  readonly model: string;
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
  readonly admissionTime: Histogram;
  readonly retries: Counter;
  readonly fallbacks: Counter;
  readonly hedgesBegun: Counter;
  readonly hedgesWon: Counter;
  readonly cacheLookups: Counter;
  readonly replicaRestarts: Counter;
  readonly modelLoads: Counter;
  readonly modelLoadDuration: Histogram;
  readonly modelEvictions: Counter;
}

/** The series of one model; their children are looked up once, here. */
export class ModelMetrics {
  readonly label: { readonly model: string };
  readonly #instruments: ModelInstruments;
  readonly #tokens: ReadonlyArray<readonly [keyof EndedAttempt, Counter.Internal]>;
  readonly #interTokenLatency: Histogram.Internal<string>;
  readonly #timeToFirstToken: Histogram.Internal<string>;
  readonly #attemptDuration: Histogram.Internal<string>;
  readonly #queueTime: Histogram.Internal<string>;
  /** By tier, made when somebody is admitted in it. */
  readonly #admissionTime = new Map<string, Histogram.Internal<string>>();

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
    const { attempts, attemptDuration, timeToFirstToken, interTokenLatency, queueTime } = this.#instruments;
    const { retries, fallbacks, hedgesBegun, hedgesWon, cacheLookups, replicaRestarts, modelLoads, modelEvictions } = this.#instruments;
    for (const outcome of OUTCOMES) attempts.inc({ ...this.label, outcome }, 0);
    for (const outcome of ["succeeded", "failed"]) modelLoads.inc({ ...this.label, outcome }, 0);
    for (const [, counter] of this.#tokens) counter.inc(0);
    for (const retryClass of RETRY_CLASSES) retries.inc({ ...this.label, class: retryClass }, 0);
    for (const result of ["hit", "miss"]) cacheLookups.inc({ ...this.label, result }, 0);
    for (const counter of [fallbacks, hedgesBegun, hedgesWon, replicaRestarts, modelEvictions]) counter.inc(this.label, 0);
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

  admitted(tier: string, waitedMs: number): void {
    let child = this.#admissionTime.get(tier);
    if (child === undefined) {
      child = this.#instruments.admissionTime.labels({ ...this.label, tier });
      this.#admissionTime.set(tier, child);
    }
    child.observe(waitedMs / 1_000);
  }

  retried(retryClass: RetryClass): void {
    this.#instruments.retries.inc({ ...this.label, class: retryClass });
  }

  fellBack(): void {
    this.#instruments.fallbacks.inc(this.label);
  }

  hedgeBegun(): void {
    this.#instruments.hedgesBegun.inc(this.label);
  }

  hedgeWon(): void {
    this.#instruments.hedgesWon.inc(this.label);
  }

  cacheLooked(hit: boolean): void {
    this.#instruments.cacheLookups.inc({ ...this.label, result: hit ? "hit" : "miss" });
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
