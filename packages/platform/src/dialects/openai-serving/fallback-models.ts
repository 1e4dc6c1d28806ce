interface NamedModels {
  readonly model: string;
  readonly models?: readonly string[] | null | undefined;
}

/** OpenRouter's clients may name their models in `models` alone: then the first one is asked. @returns the body with its model, where it lacked one. */
export function withModel(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("models" in input)) return input;
  if ("model" in input && input.model !== undefined && input.model !== null) return input;
  const [first]: unknown[] = Array.isArray(input.models) ? input.models : [];
  return typeof first === "string" ? { ...input, model: first } : input;
}

/** Models to ask when the first one fails, each once. Undefined where there are none. */
export function readFallbackModels({ model, models }: NamedModels): readonly string[] | undefined {
  const others = new Set(models ?? []);
  others.delete(model);
  return others.size === 0 ? undefined : [...others];
}
