import { ApiError } from "@bonfire/protocol/errors";
import type { ServedModel } from "./served-model.ts";

/** The models that clients can name right now. They come and go while the platform runs. */
export class ModelDirectory {
  readonly #models = new Map<string, ServedModel>();

  /** One with the same id is replaced. */
  add(model: ServedModel): void {
    this.#models.set(model.id, model);
  }

  remove(id: string): void {
    this.#models.delete(id);
  }

  list(): readonly ServedModel[] {
    return [...this.#models.values()];
  }

  /** By id, or else by alias. @throws ApiError `model_not_found`. */
  find(name: string): ServedModel {
    const model = this.#models.get(name) ?? this.list().find(({ aliases }) => aliases.includes(name));
    if (model !== undefined) return model;
    const known = this.list().map(({ id }) => `'${id}'`);
    const served = known.length === 0 ? "No model is served here yet" : `Served here: ${known.join(", ")}`;
    throw new ApiError("model_not_found", `The model '${name}' does not exist. ${served}.`, { param: "model" });
  }
}
