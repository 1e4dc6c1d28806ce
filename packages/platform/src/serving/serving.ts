import { ApiError } from "@bonfire/protocol/errors";
import type { ModelClient } from "../engine/engine.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../engine/generation.ts";
import { mergeGenerations } from "../engine/merge-generations.ts";
import { Admission } from "./admission.ts";
import { AdmittedGeneration } from "./admitted-generation.ts";
import type { AttemptRecorder, Origin } from "./attempt-recorder.ts";
import { requireCapabilities } from "./capabilities.ts";
import { checkOutput, requireUsableFormats } from "./check-output.ts";
import { type PromptParam, toClientError } from "./engine-failure.ts";
import type { ModelDirectory, NamedModel } from "./model-directory.ts";
import type { ModelLease, ServedModel } from "./served-model.ts";

export interface Generate {
  readonly model: ServedModel;
  /** One for each prompt; their choices are numbered through. */
  readonly requests: readonly GenerateRequest[];
  /** The request field that holds the prompt, for errors. */
  readonly promptParam: PromptParam;
  readonly origin: Origin;
  /** Hears what the engine says before the answer. */
  readonly onStart?: (start: Extract<GenerateEvent, { type: "start" }>) => void;
}

/** Replaces the addresses of pictures by their bytes. @throws ApiError that names the picture. */
export type LoadImages = <Request extends Pick<GenerateRequest, "prompt">>(
  requests: readonly Request[],
  signal: AbortSignal,
) => Promise<readonly Request[]>;

interface ServingParts {
  readonly models: ModelDirectory;
  readonly attempts: AttemptRecorder;
  readonly loadImages: LoadImages;
}

/** Requests of one model that may run and wait at once. */
const MOST_REQUESTS_INSIDE = 256;

/** From a model's name to the events of its answer. */
export class Serving {
  readonly #models: ModelDirectory;
  readonly #attempts: AttemptRecorder;
  readonly #loadImages: LoadImages;
  readonly #admissions = new Map<string, Admission>();

  constructor({ models, attempts, loadImages }: ServingParts) {
    this.#models = models;
    this.#attempts = attempts;
    this.#loadImages = loadImages;
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
    const admission = this.#admissionOf(generation.model);
    const steps = {
      prepare: () => this.#loadImages(generation.requests, signal),
      dispatch: (lease: ModelLease, requests: readonly GenerateRequest[]) => this.#dispatch({ ...generation, requests }, lease, signal),
    };
    return { [Symbol.asyncIterator]: () => new AdmittedGeneration(generation, admission, steps, signal) };
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

  async #ask<Value>(
    model: ServedModel,
    promptParam: PromptParam,
    signal: AbortSignal,
    question: (client: ModelClient) => Promise<Value> | undefined,
  ): Promise<Value> {
    const leave = this.#admissionOf(model).enter(model.id);
    let lease: ModelLease | undefined;
    try {
      lease = await model.acquire(signal);
      const answer = question(lease.client);
      if (answer === undefined) {
        throw new ApiError("unsupported_parameter", `The engine behind ${model.id} does not tell its tokens.`, { param: "model" });
      }
      return await answer;
    } catch (error) {
      throw toClientError(error, model.id, promptParam);
    } finally {
      lease?.release();
      leave();
    }
  }

  #dispatch({ model, requests, origin }: Generate, { client }: ModelLease, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { generate } = client;
    if (generate === undefined) throw new ApiError("invalid_value", `${model.id} does not generate text.`, { param: "model" });
    const parts = requests.map((request, index) => ({
      choices: request.choices,
      events: (all: AbortSignal) =>
        checkOutput(
          request,
          this.#attempts.record({
            model,
            origin,
            attempt: index + 1,
            dispatch: (trace) => generate.call(client, { ...request, trace }, all),
            signal: all,
          }),
        ),
    }));
    const [only] = parts;
    return only !== undefined && parts.length === 1 ? only.events(signal) : mergeGenerations(parts, { promptIsShared: false, signal });
  }

  #admissionOf({ id }: ServedModel): Admission {
    const known = this.#admissions.get(id) ?? new Admission(MOST_REQUESTS_INSIDE);
    this.#admissions.set(id, known);
    return known;
  }
}
