import { ApiError } from "@bonfire/protocol/errors";
import type { ModelClient } from "../engine/engine.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../engine/generation.ts";
import { mergeGenerations } from "../engine/merge-generations.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { RoutedRequest } from "../routing/route.ts";
import { Admission } from "./admission.ts";
import type { AnswerCache, CacheWish } from "./answer-cache.ts";
import type { Origin } from "./attempt-recorder.ts";
import { requireCapabilities } from "./capabilities.ts";
import { checkOutput, requireUsableFormats } from "./check-output.ts";
import type { Decision } from "./decision.ts";
import { type PromptParam, toClientError } from "./engine-failure.ts";
import type { ModelDirectory, NamedModel } from "./model-directory.ts";
import { RoutedGeneration, type RoutingParts, type ServiceClass } from "./routed-generation.ts";
import type { ServedModel } from "./served-model.ts";

export interface Generate {
  readonly model: ServedModel;
  /** Those that may answer where the first one fails, in order. */
  readonly fallbacks?: readonly ServedModel[];
  /** One for each prompt; their choices are numbered through. */
  readonly requests: readonly GenerateRequest[];
  /** What routing looks at; the requests go the same way. */
  readonly routed: RoutedRequest;
  /** The request field that holds the prompt, for errors. */
  readonly promptParam: PromptParam;
  readonly origin: Origin;
  readonly serviceClass?: ServiceClass | undefined;
  /** Absent: as the route has it. */
  readonly cache?: CacheWish | undefined;
  /** The client sees nothing of the answer before its end: another attempt may follow one that breaks off in the middle. */
  readonly isSeenWhole?: boolean;
  /** Hears what the engine says before the answer. */
  readonly onStart?: (start: Extract<GenerateEvent, { type: "start" }>) => void;
  /** Hears where the request goes, each time that this is decided anew. */
  readonly onDecision?: (decision: Decision) => void;
}

/** Replaces the addresses of pictures by their bytes. @throws ApiError that names the picture. */
export type LoadImages = <Request extends Pick<GenerateRequest, "prompt">>(
  requests: readonly Request[],
  signal: AbortSignal,
) => Promise<readonly Request[]>;

interface ServingParts {
  readonly models: ModelDirectory;
  readonly routing: RoutingParts;
  readonly loadImages: LoadImages;
  /** Absent where no answers are stored. */
  readonly answers?: AnswerCache;
}

/** Questions to one model that may run at once beside its generations: they are short. */
const MOST_QUESTIONS = 256;

/** From a model's name to the events of its answer. */
export class Serving {
  readonly #models: ModelDirectory;
  readonly #routing: RoutingParts;
  readonly #loadImages: LoadImages;
  readonly #answers: AnswerCache | undefined;
  readonly #questions = new Map<string, Admission>();

  constructor({ models, routing, loadImages, answers }: ServingParts) {
    this.#models = models;
    this.#routing = routing;
    this.#loadImages = loadImages;
    this.#answers = answers;
  }

  get models(): readonly ServedModel[] {
    return this.#models.list();
  }

  /** The operator's names for models that are served. */
  get aliases(): readonly NamedModel[] {
    return this.#models.aliases();
  }

  /** By id or alias. @throws ApiError `model_not_found`. */
  find(name: string): ServedModel {
    return this.#models.find(name);
  }

  /**
   * Runs the requests at once. Failures come as `ApiError`, before the first event or in the middle; leaving the loop or aborting the signal
   * stops the engine. @throws ApiError where the model cannot do what is asked.
   */
  generate(generation: Generate, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    requireCapabilities(generation.model, generation.requests);
    requireUsableFormats(generation.requests);
    const attempts = { count: 0 };
    const parts = generation.requests.map((request) => ({
      choices: request.choices,
      events: (all: AbortSignal) => checkOutput(request, this.#answer(generation, request, attempts, all)),
    }));
    const [only] = parts;
    return only !== undefined && parts.length === 1 ? only.events(signal) : mergeGenerations(parts, { promptIsShared: false, signal });
  }

  /** Token ids of a prompt as the model sees it. @throws ApiError, also where its engine does not tell. */
  async tokenize(model: ServedModel, request: TokenizeRequest, promptParam: PromptParam, signal: AbortSignal): Promise<readonly number[]> {
    requireCapabilities(model, [request]);
    const [whole = request] = await this.#loadImages([request], signal);
    return this.#ask(model, promptParam, signal, (client) => client.tokenize?.(whole, signal));
  }

  /** The text of token ids. @throws ApiError, also where the model's engine does not tell. */
  detokenize(model: ServedModel, tokens: readonly number[], signal: AbortSignal): Promise<string> {
    return this.#ask(model, "tokens", signal, (client) => client.detokenize?.(tokens, signal));
  }

  #answer(generation: Generate, request: GenerateRequest, attempts: { count: number }, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { model, fallbacks = [], routed, promptParam, origin, serviceClass = "default", isSeenWhole = false } = generation;
    const onStart = generation.onStart ?? ignore;
    const onDecision = generation.onDecision ?? ignore;
    const run = (whole: GenerateRequest, cache: Decision["cache"], decided = onDecision): AsyncIterable<GenerateEvent> => ({
      [Symbol.asyncIterator]: () =>
        new RoutedGeneration(
          {
            ...{ request: whole, routed, promptParam, origin, serviceClass, cache, isSeenWhole, onStart, onDecision: decided },
            models: [model, ...fallbacks],
            nextAttempt: () => ++attempts.count,
          },
          this.#routing,
          signal,
        ),
    });
    const answer = (whole: GenerateRequest): AsyncIterable<GenerateEvent> => {
      const ttlMs = this.#answers?.ttlMsOf(whole, model.route, generation.cache);
      if (this.#answers === undefined || ttlMs === undefined) return run(whole, undefined);
      const asked = { request: whole, model, origin, ttlMs, onStart, onDecision, recorder: this.#routing.recorder };
      return this.#answers.answer({ ...asked, generate: (decided) => run(whole, { hit: false }, decided) }, signal);
    };
    return routed.uses.has("images") ? this.#withImages(request, answer, signal) : answer(request);
  }

  async *#withImages(
    request: GenerateRequest,
    answer: (whole: GenerateRequest) => AsyncIterable<GenerateEvent>,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent> {
    const [whole = request] = await this.#loadImages([request], signal);
    yield* answer(whole);
  }

  async #ask<Value>(
    model: ServedModel,
    promptParam: PromptParam,
    signal: AbortSignal,
    question: (client: ModelClient) => Promise<Value> | undefined,
  ): Promise<Value> {
    const leave = this.#questionsTo(model).enter(model.id);
    try {
      for (const deployment of deploymentsOf(model)) {
        const lease = await deployment.acquire(signal);
        try {
          const answer = question(lease.client);
          if (answer !== undefined) return await answer;
        } finally {
          lease.release();
        }
      }
    } catch (error) {
      throw toClientError(error, model.id, promptParam);
    } finally {
      leave();
    }
    throw new ApiError("unsupported_parameter", `The engine behind ${model.id} does not tell its tokens.`, { param: "model" });
  }

  #questionsTo({ route: { model } }: ServedModel): Admission {
    const known = this.#questions.get(model) ?? new Admission(MOST_QUESTIONS);
    this.#questions.set(model, known);
    return known;
  }
}

/** Of the first group; others may have another tokenizer. */
function deploymentsOf({ route }: ServedModel): readonly Deployment[] {
  return route.groups[0]?.targets.map(({ deployment }) => deployment) ?? [];
}

function ignore(): void {
  // Nobody wants to know.
}
