import { chooseBySession, isOverloaded } from "./affinity.ts";
import { type Candidate, chooseTarget, type Random } from "./choose-target.ts";
import type { DeploymentHealth } from "./deployment-health.ts";
import { firstBlock, type PrefixIndex } from "./prefix-index.ts";
import type { Route, RoutedRequest, RouteTarget } from "./route.ts";

interface Choice {
  readonly route: Pick<Route, "policy" | "affinity">;
  readonly request: Pick<RoutedRequest, "session" | "promptText">;
  readonly prefixes: Pick<PrefixIndex, "longest">;
  readonly random: Random;
}

export function candidateOf(target: RouteTarget, health: DeploymentHealth, now: number): Candidate {
  return { target, inFlight: health.inFlight, firstTokenMs: health.firstTokenMs(now) };
}

/** Where related requests went, else by the route's policy. @returns undefined where there are no candidates. */
export function chooseCandidate(candidates: readonly Candidate[], { route, request, prefixes, random }: Choice): Candidate | undefined {
  if (candidates.length < 2) return candidates[0];
  const sticky = route.affinity === "prefix" ? byPrefix(candidates, request.promptText(), prefixes) : bySession(candidates, route, request);
  return sticky ?? chooseTarget(candidates, { policy: route.policy, random });
}

function bySession(candidates: readonly Candidate[], { affinity }: Choice["route"], { session }: Choice["request"]): Candidate | undefined {
  return affinity === "session" && session !== undefined ? chooseBySession(session, candidates) : undefined;
}

function byPrefix(candidates: readonly Candidate[], promptText: string, prefixes: Choice["prefixes"]): Candidate | undefined {
  if (promptText === "") return undefined;
  const known = prefixes.longest(promptText, (name) => {
    const candidate = named(candidates, name);
    // One without weight has served it because the others failed then.
    return candidate !== undefined && candidate.target.weight > 0 && !isOverloaded(candidate, candidates);
  });
  return known === undefined ? chooseBySession(firstBlock(promptText), candidates) : named(candidates, known.deployment);
}

function named(candidates: readonly Candidate[], name: string): Candidate | undefined {
  return candidates.find(({ target }) => target.deployment.name === name);
}
