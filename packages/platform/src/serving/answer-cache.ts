import type { AnswerStore } from "../caching/answer-cache.ts";
import { cacheKeyOf, isCacheable } from "../caching/cache-key.ts";
import { AnswerRecorder } from "../caching/record-answer.ts";
import { replayAnswer } from "../caching/replay-answer.ts";
import type { StoredAnswer } from "../caching/stored-answer.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Route } from "../routing/route.ts";
import type { AttemptRecorder, Origin } from "./attempt-recorder.ts";
import type { Decision } from "./decision.ts";
import type { ServedModel } from "./served-model.ts";

/** What a request says about stored answers. `ttlMs`: how long its own may be kept; undefined leaves that to the route. */
export type CacheWish =
  | { readonly kind: "default" }
  | { readonly kind: "off" }
  | { readonly kind: "on"; readonly ttlMs: number | undefined };

interface CachedAnswer {
  readonly request: GenerateRequest;
  readonly model: ServedModel;
  readonly origin: Origin;
  readonly ttlMs: number;
  /** Where nothing is stored. */
  readonly generate: (onDecision: (decision: Decision) => void) => AsyncIterable<GenerateEvent>;
  readonly onStart: (start: Extract<GenerateEvent, { type: "start" }>) => void;
  readonly onDecision: (decision: Decision) => void;
  readonly recorder: AttemptRecorder;
}

/** Where neither the request nor the route says more than that it is wanted. */
const TTL_MS = 300_000;

/** Complete answers, kept for requests of the same project that are equal to theirs. Nobody waits for another's answer: equal requests at the same time run beside each other. */
export class AnswerCache {
  readonly #store: AnswerStore;
  readonly #metrics: Pick<Metrics, "cacheLooked">;

  constructor({ store, metrics }: { readonly store: AnswerStore; readonly metrics: Pick<Metrics, "cacheLooked"> }) {
    this.#store = store;
    this.#metrics = metrics;
  }

  /** Undefined where the answer is neither looked for nor stored. */
  ttlMsOf(request: GenerateRequest, { cacheTtlMs }: Pick<Route, "cacheTtlMs">, wish: CacheWish = { kind: "default" }): number | undefined {
    if (wish.kind === "off" || (wish.kind === "default" && cacheTtlMs === undefined) || !isCacheable(request)) return undefined;
    return (wish.kind === "on" ? wish.ttlMs : undefined) ?? cacheTtlMs ?? TTL_MS;
  }

  async *answer(asked: CachedAnswer, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const { request, model, origin, ttlMs } = asked;
    const { accountId, projectId } = origin;
    const deployments = model.route.groups.flatMap(({ targets }) => targets.map(({ deployment }) => deployment.name));
    const key = cacheKeyOf({ accountId, projectId, model: model.id, deploymentsVersion: deployments.join(" "), request });
    const stored = await this.#store.get(key, signal);
    this.#metrics.cacheLooked({ model: model.route.model, hit: stored !== undefined });
    if (stored !== undefined) {
      yield* this.#replay(stored, asked, signal);
      return;
    }
    const answer = new AnswerRecorder({ choices: request.choices });
    let decided: Decision | undefined;
    const events = asked.generate((decision) => {
      decided = decision;
      asked.onDecision(decision);
    });
    for await (const event of events) {
      answer.note(event);
      // Stored before its end is handed over, so that a client that asks again at once finds it.
      if (event.type === "end") await this.#keep(key, answer.complete(), { decided, model, ttlMs });
      yield event;
    }
  }

  async #keep(
    key: string,
    events: readonly GenerateEvent[] | undefined,
    { decided, model, ttlMs }: Pick<CachedAnswer, "model" | "ttlMs"> & { readonly decided: Decision | undefined },
  ): Promise<void> {
    // What a fallback of the request said is not this model's answer.
    if (events === undefined || decided?.model !== model.route.model) return;
    await this.#store.set(key, { deployment: decided.deployment, storedAtMs: Date.now(), events }, ttlMs);
  }

  async *#replay(stored: StoredAnswer, asked: CachedAnswer, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const { model, origin, recorder, onStart, onDecision } = asked;
    onDecision({
      model: model.route.model,
      deployment: CACHE,
      attempts: 0,
      queuedMs: 0,
      cache: { hit: true, ageMs: Date.now() - stored.storedAtMs },
    });
    const events = recorder.record({
      ...{ model: model.route.model, deployment: CACHE_DEPLOYMENT, origin, signal },
      ...{ attempt: 1, cause: "first", queuedMs: 0 },
      dispatch: () => replayAnswer(stored, signal),
    });
    for await (const event of events) {
      if (event.type === "start") onStart(event);
      yield event;
    }
  }
}

/** Stands where a deployment's name stands otherwise. */
const CACHE = "cache";
const CACHE_DEPLOYMENT = { name: CACHE, engine: CACHE, usageSource: CACHE } as const;
