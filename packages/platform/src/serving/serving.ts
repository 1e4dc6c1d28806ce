import { ApiError } from "@bonfire/protocol/errors";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import { mergeGenerations } from "../engine/merge-generations.ts";
import { Admission } from "./admission.ts";
import { AdmittedGeneration } from "./admitted-generation.ts";
import type { AttemptRecorder, Origin } from "./attempt-recorder.ts";
import type { ModelDirectory } from "./model-directory.ts";
import type { ModelLease, ServedModel } from "./served-model.ts";

interface Generate {
  readonly model: ServedModel;
  /** One for each prompt; their choices are numbered through. */
  readonly requests: readonly GenerateRequest[];
  /** The request field that holds the prompt, for errors. */
  readonly promptParam: "messages" | "prompt";
  readonly origin: Origin;
}

/** Requests of one model that may run and wait at once. */
const MOST_REQUESTS_INSIDE = 256;

/** From a model's name to the events of its answer. */
export class Serving {
  readonly #models: ModelDirectory;
  readonly #attempts: AttemptRecorder;
  readonly #admissions = new Map<string, Admission>();

  constructor(models: ModelDirectory, attempts: AttemptRecorder) {
    this.#models = models;
    this.#attempts = attempts;
  }

  get models(): readonly ServedModel[] {
    return this.#models.list();
  }

  /** By id or alias. @throws ApiError `model_not_found`. */
  find(name: string): ServedModel {
    return this.#models.find(name);
  }

  /** Runs the requests at once. Failures come as `ApiError`, before the first event or in the middle; leaving the loop or aborting the signal stops the engine. */
  generate(generation: Generate, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const admission = this.#admissionOf(generation.model);
    return {
      [Symbol.asyncIterator]: () =>
        new AdmittedGeneration(generation, admission, (lease) => this.#dispatch(generation, lease, signal), signal),
    };
  }

  #dispatch({ model, requests, origin }: Generate, { client }: ModelLease, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { generate } = client;
    if (generate === undefined) throw new ApiError("invalid_value", `${model.id} does not generate text.`, { param: "model" });
    const parts = requests.map((request, index) => ({
      choices: request.choices,
      events: (all: AbortSignal) =>
        this.#attempts.record({
          model,
          origin,
          attempt: index + 1,
          dispatch: (trace) => generate.call(client, { ...request, trace }, all),
          signal: all,
        }),
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
