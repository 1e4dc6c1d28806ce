export interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
}

export interface Alias {
  readonly name: string;
  readonly model: string;
}

interface AliasSurroundings {
  /** Aliases that stay and of which the file says nothing: the id of each one's model. */
  readonly others: ReadonlyMap<string, string>;
  /** Those that have names of their own, for which aliases can be given. */
  readonly models: readonly NamedModel[];
}

export interface AliasFault {
  /** Its place in the list. */
  readonly index: number;
  readonly param: "name" | "model";
  readonly message: string;
}

/**
 * What each alias of a file stands for: the id of the model that is meant, also where none is there yet. Aliases of aliases would be followed nowhere, so
 * none can be made. A model that has an alias' name itself comes first and is no reason to refuse a file that was taken yesterday.
 */
export function resolveAliases(wanted: readonly Alias[], { others, models }: AliasSurroundings): readonly Alias[] | AliasFault {
  const idOf = new Map<string, string>();
  for (const { id, aliases } of models) for (const alias of aliases) idOf.set(alias, id);
  for (const { id } of models) idOf.set(id, id);
  const names = new Set([...wanted.map(({ name }) => name), ...others.keys()]);
  const standsFor = new Map([...others].map(([name, model]) => [model, name]));
  const resolved: Alias[] = [];
  for (const [index, { name, model }] of wanted.entries()) {
    const earlier = standsFor.get(name);
    if (earlier !== undefined && !idOf.has(name)) {
      return fault(index, "name", `'${name}' is what the alias '${earlier}' stands for, so it cannot be an alias itself.`);
    }
    if (model === name) return fault(index, "model", `The alias '${name}' cannot stand for itself. Give the id of a model.`);
    if (!idOf.has(model) && names.has(model)) return fault(index, "model", `'${model}' is an alias itself. Give the id of its model.`);
    resolved.push({ name, model: idOf.get(model) ?? model });
  }
  return resolved;
}

function fault(index: number, param: AliasFault["param"], message: string): AliasFault {
  return { index, param, message };
}
