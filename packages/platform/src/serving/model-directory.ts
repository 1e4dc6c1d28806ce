import { ApiError } from "@bonfire/protocol/errors";
import { nearestModelName } from "./nearest-model-name.ts";
import type { ServedModel } from "./served-model.ts";

/** A name that clients can use, and the model it leads to. */
export interface NamedModel {
  readonly name: string;
  readonly model: ServedModel;
}

/** The models that clients can name right now. They come and go while the platform runs, as do the operator's names for them. */
export class ModelDirectory {
  readonly #models = new Map<string, ServedModel>();
  #operatorAliases: () => ReadonlyMap<string, string> = () => new Map();

  /** One with the same id is replaced. */
  add(model: ServedModel): void {
    this.#models.set(model.id, model);
  }

  remove(id: string): void {
    this.#models.delete(id);
  }

  /** @param aliases tells the id of each alias' model, whether that is served or not, as of now. */
  useAliases(aliases: () => ReadonlyMap<string, string>): void {
    this.#operatorAliases = aliases;
  }

  list(): readonly ServedModel[] {
    return [...this.#models.values()];
  }

  /** The operator's aliases that lead to a model now. */
  aliases(): readonly NamedModel[] {
    return [...this.#operatorAliases()].flatMap(([name, id]) => {
      const model = this.lookUp(name);
      return model?.id === id ? [{ name, model }] : [];
    });
  }

  /** By id, or else by an alias of the model's own, or else by one of the operator's. */
  lookUp(name: string): ServedModel | undefined {
    const model = this.#models.get(name) ?? this.list().find(({ aliases }) => aliases.includes(name));
    if (model !== undefined) return model;
    const id = this.#operatorAliases().get(name);
    // Not followed further: an alias of an alias leads nowhere.
    return id === undefined ? undefined : this.#models.get(id);
  }

  /** As `lookUp`. @throws ApiError `model_not_found` with the nearest name that there is. */
  find(name: string): ServedModel {
    const model = this.lookUp(name);
    if (model !== undefined) return model;
    const models = this.list();
    const names = [...models.flatMap(({ id, aliases }) => [id, ...aliases]), ...this.aliases().map((alias) => alias.name)];
    const meant = nearestModelName(name, names);
    const suggestion = meant === undefined ? "" : ` Did you mean '${meant}'?`;
    const served = models.length === 0 ? "No model is served here yet" : `Served here: ${models.map(({ id }) => `'${id}'`).join(", ")}`;
    throw new ApiError("model_not_found", `The model '${name}' does not exist.${suggestion} ${served}.`, { param: "model" });
  }
}
