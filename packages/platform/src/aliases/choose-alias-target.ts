import { ApiError } from "@bonfire/protocol/errors";

interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
}

interface KnownNames {
  readonly models: readonly NamedModel[];
  /** The id of each alias' model. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * What an alias is to stand for: the id of the model that is meant, also where no such model is there yet. Aliases of aliases would be followed
 * nowhere, so none can be made. @throws ApiError that says which of the two names is at fault.
 */
export function chooseAliasTarget(name: string, model: string, { models, aliases }: KnownNames): string {
  const owner = models.find((known) => isNameOf(known, name));
  if (owner !== undefined) {
    throw refused("name", `'${name}' is a name of the model ${owner.id} already, which always wins. Choose another name.`);
  }
  const [earlier] = [...aliases].find(([, ofAlias]) => ofAlias === name) ?? [];
  if (earlier !== undefined) {
    throw refused("name", `'${name}' is what the alias '${earlier}' stands for, so it cannot be an alias itself. Change that one first.`);
  }
  if (model === name) throw refused("model", `The alias '${name}' cannot stand for itself. Give the id of a model.`);
  const target = models.find(({ id }) => id === model) ?? models.find((known) => isNameOf(known, model));
  if (target !== undefined) return target.id;
  const further = aliases.get(model);
  if (further !== undefined) throw refused("model", `'${model}' is an alias itself. Give the id of its model: ${further}.`);
  return model;
}

function isNameOf({ id, aliases }: NamedModel, name: string): boolean {
  return id === name || aliases.includes(name);
}

function refused(param: string, message: string): ApiError {
  return new ApiError("invalid_value", message, { param });
}
