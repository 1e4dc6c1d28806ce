import { ApiError } from "@bonfire/protocol/errors";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import { mergeGenerations } from "../engine/merge-generations.ts";
import { Admission } from "./admission.ts";
import { toClientError } from "./engine-failure.ts";
import type { ServedModel } from "./served-model.ts";

interface Generate {
  readonly model: ServedModel;
  /** One for each prompt; their choices are numbered through. */
  readonly requests: readonly GenerateRequest[];
  /** The request field that holds the prompt, for errors. */
  readonly promptParam: "messages" | "prompt";
}

/** Requests of one model that may run and wait at once. */
const MOST_REQUESTS_INSIDE = 256;

/** From a model's name to the events of its answer. */
export class Serving {
  readonly #models: readonly ServedModel[];
  readonly #byName: ReadonlyMap<string, ServedModel>;
  readonly #admissions: ReadonlyMap<ServedModel, Admission>;

  constructor(models: readonly ServedModel[]) {
    this.#models = models;
    this.#byName = new Map(models.flatMap((model) => [...model.aliases, model.id].map((name) => [name, model])));
    this.#admissions = new Map(models.map((model) => [model, new Admission(MOST_REQUESTS_INSIDE)]));
  }

  get models(): readonly ServedModel[] {
    return this.#models;
  }

  /** By id or alias. @throws ApiError `model_not_found`. */
  find(name: string): ServedModel {
    const model = this.#byName.get(name);
    if (model !== undefined) return model;
    const known = this.#models.map(({ id }) => `'${id}'`).join(", ");
    throw new ApiError("model_not_found", `The model '${name}' does not exist. Served here: ${known}.`, { param: "model" });
  }

  /** Runs the requests at once. Failures come as `ApiError`, before the first event or in the middle; leaving the loop or aborting the signal stops the engine. */
  async *generate({ model, requests, promptParam }: Generate, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const leave = this.#admissions.get(model)?.enter(model.id);
    try {
      const client = model.client();
      if (client === undefined) {
        throw new ApiError("model_unavailable", `${model.id} is starting; try again in a moment.`, { retryAfterSeconds: 2 });
      }
      const { generate } = client;
      if (generate === undefined) throw new ApiError("invalid_value", `${model.id} does not generate text.`, { param: "model" });
      const parts = requests.map((request) => ({
        choices: request.choices,
        events: (all: AbortSignal) => generate.call(client, request, all),
      }));
      const [only] = parts;
      if (only !== undefined && parts.length === 1) yield* only.events(signal);
      else yield* mergeGenerations(parts, { promptIsShared: false, signal });
    } catch (error) {
      throw toClientError(error, model.id, promptParam);
    } finally {
      leave?.();
    }
  }
}
