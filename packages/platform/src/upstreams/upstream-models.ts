import type { UpstreamDefinition, UpstreamModel } from "@bonfire/protocol/upstreams";
import type { ListedModel } from "../engine/engine.ts";
import { matchesAny } from "./name-pattern.ts";

/** Most models that are taken over from one list, which is somebody else's. */
export const MOST_LISTED_MODELS = 5_000;

type Selection = Pick<UpstreamDefinition, "include" | "exclude">;

/** Of an upstream's own list, what its definition lets through, each once. */
export function selectModels(listed: readonly ListedModel[], selection: Selection): { models: UpstreamModel[]; leftOut: number } {
  const models = new Map<string, UpstreamModel>();
  for (const model of listed) if (isTaken(model.id, selection) && !models.has(model.id)) models.set(model.id, toUpstreamModel(model));
  const selected = [...models.values()];
  return { models: selected.slice(0, MOST_LISTED_MODELS), leftOut: Math.max(0, selected.length - MOST_LISTED_MODELS) };
}

/** The models of an upstream: those of its list, and those of its definition, which says more where both know one. */
export function modelsOf(definition: UpstreamDefinition, listed: readonly UpstreamModel[] | null): readonly UpstreamModel[] {
  const models = new Map<string, UpstreamModel>();
  if (definition.import_models) for (const model of listed ?? []) if (isTaken(model.id, definition)) models.set(model.id, model);
  for (const model of definition.models) models.set(model.id, { ...models.get(model.id), ...model });
  return [...models.values()];
}

function isTaken(id: string, { include, exclude }: Selection): boolean {
  return (include.length === 0 || matchesAny(include, id)) && !matchesAny(exclude, id);
}

function toUpstreamModel({ id, contextLength, chat, vision }: ListedModel): UpstreamModel {
  return {
    id,
    ...(contextLength === undefined ? {} : { context_length: contextLength }),
    ...(chat === undefined ? {} : { chat }),
    ...(vision === undefined ? {} : { vision }),
  };
}
