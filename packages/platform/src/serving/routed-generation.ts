import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "@bonfire/protocol/errors";
import type { AdmissionQueues } from "../admission/admission-queues.ts";
import type { Admitted } from "../admission/admission-request.ts";
import type { EventIterator } from "../engine/event-iterator.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { AttemptFacts } from "../metering/attempt.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { DeploymentBoard } from "../routing/deployment-board.ts";
import type { Place } from "../routing/deployment-health.ts";
import { classify } from "../routing/failure-class.ts";
import type { PrefixIndex } from "../routing/prefix-index.ts";
import type { RetryBudget } from "../routing/retry-budget.ts";
import { type NextStep, nextStep } from "../routing/retry-policy.ts";
import type { Route, RoutedRequest } from "../routing/route.ts";
import { Attempt } from "./attempt.ts";
import { AttemptPlan, type ChosenTarget } from "./attempt-plan.ts";
import type { AttemptRecorder, Origin } from "./attempt-recorder.ts";
import type { Decision } from "./decision.ts";
import { type PromptParam, toClientError } from "./engine-failure.ts";
import { beginHedged, type HedgeParts } from "./hedge.ts";
import type { ServedModel } from "./served-model.ts";
import type { TargetChooser } from "./target-chooser.ts";

/** Classes of service; a batch yields to everybody. */
export type ServiceClass = "priority" | "default" | "flex" | "batch";

export interface RoutingParts extends HedgeParts {
  readonly board: DeploymentBoard;
  readonly chooser: TargetChooser;
  readonly prefixes: PrefixIndex;
  readonly queues: AdmissionQueues;
  readonly retryBudget: RetryBudget;
  readonly recorder: AttemptRecorder;
  readonly metrics: Pick<Metrics, "requestAdmitted" | "attemptRetried" | "requestFellBack" | "hedgeBegun" | "hedgeWon">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

interface RoutedPrompt {
  /** The named one, then its fallbacks. */
  readonly models: readonly [ServedModel, ...ServedModel[]];
  readonly request: GenerateRequest;
  readonly routed: RoutedRequest;
  readonly promptParam: PromptParam;
  readonly origin: Origin;
  readonly serviceClass: ServiceClass;
  /** Nothing of the answer is shown before its end. */
  readonly isSeenWhole: boolean;
  /** Told with each decision. */
  readonly cache: Decision["cache"];
  /** Counts the attempts of the whole request, which may have several prompts. */
  readonly nextAttempt: () => number;
  readonly onDecision: (decision: Decision) => void;
  readonly onStart: (start: Extract<GenerateEvent, { type: "start" }>) => void;
}

interface Placed extends ChosenTarget {
  readonly place: Place;
}

/**
 * The events of one prompt's answer: a place is waited for, a deployment chosen, and another one after a failure, until the first content;
 * until the end where the client sees the answer as a whole. From then on its attempt is all there is. Failures are for the client.
 */
export class RoutedGeneration implements EventIterator {
  readonly #prompt: RoutedPrompt;
  readonly #parts: RoutingParts;
  readonly #signal: AbortSignal;
  readonly #plan: AttemptPlan;
  #attempt: Attempt | undefined;
  /** What came while another attempt could still have taken over, as it is handed over. */
  #held: readonly GenerateEvent[] = [];
  #handedOver = 0;
  #queuedMs = 0;
  #told: string | undefined;
  #attempts = 0;

  constructor(prompt: RoutedPrompt, parts: RoutingParts, signal: AbortSignal) {
    this.#prompt = prompt;
    this.#parts = parts;
    this.#signal = signal;
    const [first, ...others] = prompt.models;
    this.#plan = new AttemptPlan({
      routes: [first.route, ...others.map(({ route }) => route)],
      request: prompt.routed,
      chooser: parts.chooser,
    });
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const event = this.#held[this.#handedOver];
    if (event !== undefined) {
      this.#handedOver++;
      return Promise.resolve({ done: false, value: event });
    }
    return this.#attempt === undefined ? this.#begin().then(() => this.next()) : this.#attempt.next();
  }

  ready(): GenerateEvent | undefined {
    const event = this.#held[this.#handedOver];
    if (event === undefined) return this.#attempt?.ready();
    this.#handedOver++;
    return event;
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    await this.#attempt?.return();
    return { done: true, value: undefined };
  }

  async #begin(): Promise<void> {
    const { models, promptParam, onStart } = this.#prompt;
    this.#parts.retryBudget.noteRequest(this.#parts.now());
    let cause: AttemptFacts["cause"] = "first";
    let lastGroup: number | undefined;
    for (let tries = 1; ; tries++) {
      const { place, queuedMs } = await this.#enter();
      this.#queuedMs += queuedMs;
      if (cause === "fallback" && place.group !== lastGroup) this.#parts.metrics.requestFellBack(place.route.model);
      lastGroup = place.group;
      this.#parts.metrics.requestAdmitted({ model: place.route.model, tier: this.#prompt.serviceClass, waitedMs: queuedMs });
      try {
        this.#attempt = await this.#run(place, cause);
        for (const event of this.#held) if (event.type === "start") onStart(event);
        return;
      } catch (error) {
        this.#signal.throwIfAborted();
        const step = this.#afterFailure(error, place, tries);
        if (step.type === "fail") throw toClientError(error, models[0].id, promptParam);
        cause = step.type === "same" ? "retry" : "fallback";
        if (step.type === "same" && step.delayMs > 0) await delay(step.delayMs, undefined, { signal: this.#signal });
      }
    }
  }

  #afterFailure(error: unknown, { route, deployment, group }: Placed, attempts: number): NextStep {
    const { retryBudget, metrics, now, random } = this.#parts;
    this.#plan.failed(deployment);
    const failure = classify(error);
    const step = nextStep({
      ...{ failure, attempts, random },
      retries: route.retries,
      othersLeft: this.#plan.choose(now()).type !== "none",
      takeFromBudget: () => retryBudget.tryTake(now()),
    });
    const { model } = route;
    if (step.type !== "fail" && failure.retryClass !== undefined) metrics.attemptRetried({ model, retryClass: failure.retryClass });
    if (step.type === "same") this.#plan.again({ route, deployment, group });
    return step;
  }

  /** Waits for a place at one of the deployments. */
  async #enter(): Promise<Admitted<Placed>> {
    const { queues } = this.#parts;
    const { models, origin, serviceClass } = this.#prompt;
    for (;;) {
      let busy: Route | undefined;
      try {
        return await queues.enter({
          queue: models[0].route.model,
          tier: serviceClass,
          fairKey: origin.keyId ?? OPERATOR,
          kind: this.#plan.kind,
          signal: this.#signal,
          tryStart: () => {
            const choice = this.#plan.choose(this.#parts.now());
            if (choice.type === "none") throw choice.error;
            if (choice.type === "chosen") return this.#take(choice.chosen);
            busy = choice.route;
            return undefined;
          },
        });
      } catch (error) {
        const isFull = error instanceof ApiError && error.code === "overloaded";
        // Those behind a full queue are its fallbacks as well.
        if (!isFull || busy === undefined || !busy.retries.on.has("rate_limit") || !this.#plan.giveUp(busy)) throw error;
      }
    }
  }

  #take(chosen: ChosenTarget): Placed {
    const { board, now } = this.#parts;
    return { ...chosen, place: board.of(chosen.deployment.name).begin(now()) };
  }

  /** @throws why none of the deployments that were tried answered. */
  async #run(place: Placed, cause: AttemptFacts["cause"]): Promise<Attempt> {
    const first = this.#start(place, cause);
    const { attempt, seen } = await beginHedged(first, place.route, this.#parts, () => {
      const choice = this.#plan.choose(this.#parts.now(), place.deployment);
      // Nobody waits for the sake of a hedge, nor is there one while others wait.
      if (choice.type !== "chosen" || choice.chosen.route !== place.route || this.#parts.queues.waiting() > 0) return undefined;
      this.#plan.failed(choice.chosen.deployment);
      this.#parts.metrics.hedgeBegun(place.route.model);
      return this.#start(this.#take(choice.chosen), "hedge");
    });
    if (attempt !== first) this.#parts.metrics.hedgeWon(place.route.model);
    this.#tell(place.route.model, attempt.deployment.name);
    this.#held = this.#prompt.isSeenWhole ? await attempt.readOn(seen) : seen;
    this.#handedOver = 0;
    return attempt;
  }

  #start({ deployment, route, place }: Placed, cause: AttemptFacts["cause"]): Attempt {
    const { request, routed, promptParam, origin, nextAttempt } = this.#prompt;
    const { prefixes, recorder, queues, now } = this.#parts;
    this.#attempts = nextAttempt();
    this.#told = undefined;
    this.#tell(route.model, deployment.name);
    return new Attempt({
      ...{ model: route.model, deployment, request, promptParam, origin, cause, recorder, place },
      number: this.#attempts,
      queuedMs: this.#queuedMs,
      timeouts: { ...deployment.timeouts, ...route.timeouts },
      signal: this.#signal,
      onContent: route.affinity === "prefix" ? () => prefixes.note(routed.promptText(), deployment.name) : undefined,
      onEnd: () => {
        place.release(now());
        queues.placeFreed();
      },
    });
  }

  #tell(model: string, deployment: string): void {
    if (deployment === this.#told) return;
    this.#told = deployment;
    this.#prompt.onDecision({ model, deployment, attempts: this.#attempts, queuedMs: this.#queuedMs, cache: this.#prompt.cache });
  }
}

/** In place of a key, for the operator's socket. */
const OPERATOR = "operator";
