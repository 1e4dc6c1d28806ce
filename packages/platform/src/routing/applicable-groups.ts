import type { RouteConditions } from "@bonfire/protocol/routes";
import type { Route, RoutedRequest, RouteGroup } from "./route.ts";

/** The groups whose conditions hold, in order: the first is where the request goes, the others are its fallbacks. Empty: none is for it. */
export function applicableGroups({ groups }: Pick<Route, "groups">, request: RoutedRequest): readonly RouteGroup[] {
  for (const { when } of groups) if (!holds(when, request)) return groups.filter((group) => holds(group.when, request));
  return groups;
}

function holds(when: RouteConditions | undefined, request: RoutedRequest): boolean {
  if (when === undefined) return true;
  const { projects, keys, tags, prompt_tokens: tokens, uses } = when;
  return (
    (projects === undefined || projects.includes(request.projectId)) &&
    (keys === undefined || (request.keyId !== null && keys.includes(request.keyId))) &&
    (tags === undefined || tags.every((tag) => request.tags.includes(tag))) &&
    (tokens?.at_least === undefined || request.promptTokens >= tokens.at_least) &&
    (tokens?.at_most === undefined || request.promptTokens <= tokens.at_most) &&
    (uses === undefined || uses.every((use) => request.uses.has(use)))
  );
}
