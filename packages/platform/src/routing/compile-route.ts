import { durationMs } from "@bonfire/protocol/durations";
import type { RouteDefinition } from "@bonfire/protocol/routes";
import type { AttemptTimeouts, Deployment } from "./deployment.ts";
import type { Route, RouteGroup, RouteTarget } from "./route.ts";

const STAR = "*";

interface CompileOptions {
  /** What the client named. */
  readonly name: string;
  readonly findDeployment: (name: string) => Deployment | undefined;
}

/**
 * A route with its deployments found. Those that are not there are left out, and groups of which nothing is left: a route without any group leads
 * nowhere now. A star in a deployment's name becomes what the route's own star stands for in the name that was asked for.
 */
export function compileRoute(definition: RouteDefinition, { name, findDeployment }: CompileOptions): Route {
  const { model, groups, policy, affinity, retries, timeouts, hedge, cache } = definition;
  const rest = model.endsWith(STAR) ? name.slice(model.length - 1) : undefined;
  let isByRest = false;
  const compiled = groups.flatMap(({ deployments, when }): RouteGroup[] => {
    const targets = deployments.flatMap(({ deployment, weight }): RouteTarget[] => {
      const found = findDeployment(substitute(deployment, rest));
      if (found === undefined) return [];
      isByRest ||= rest !== undefined && deployment.includes(STAR);
      return [{ deployment: found, weight }];
    });
    return targets.length === 0 ? [] : [{ targets, when }];
  });
  return {
    // Clients make names up: one counts for itself only where it led to a deployment of its own.
    model: isByRest ? name : model,
    policy,
    affinity,
    groups: compiled,
    retries: { attempts: retries.attempts, on: new Set(retries.on) },
    timeouts: attemptTimeouts(timeouts),
    hedge: hedge && { afterMs: hedge.after === "p95" ? "p95" : durationMs(hedge.after), share: hedge.share },
    cacheTtlMs: cache && durationMs(cache.ttl),
  };
}

/** Deployments that a route names and that are not there. One with a star depends on what is asked for. */
export function missingDeployments({ groups }: RouteDefinition, isThere: (deployment: string) => boolean): string[] {
  const named = new Set(groups.flatMap(({ deployments }) => deployments.map(({ deployment }) => deployment)));
  return [...named].filter((deployment) => !deployment.includes(STAR) && !isThere(deployment));
}

/** @returns undefined where nothing is wrong, else the field at fault and what is wrong with it. */
export function faultOfRoute({ model, groups }: RouteDefinition): { readonly param: string; readonly message: string } | undefined {
  if (model.endsWith(STAR)) return undefined;
  for (const [group, { deployments }] of groups.entries()) {
    const target = deployments.findIndex(({ deployment }) => deployment.includes(STAR));
    if (target === -1) continue;
    const deployment = deployments[target]?.deployment;
    return {
      param: `groups[${group}].deployments[${target}].deployment`,
      message: `'${deployment}' has a star, which stands for what the star of the route's own name stands for; '${model}' has none.`,
    };
  }
  return undefined;
}

function substitute(deployment: string, rest: string | undefined): string {
  return rest === undefined ? deployment : deployment.split(STAR).join(rest);
}

function attemptTimeouts({ first_token, between_tokens, total }: RouteDefinition["timeouts"]): Partial<AttemptTimeouts> {
  return {
    ...(first_token === undefined ? {} : { firstTokenMs: durationMs(first_token) }),
    ...(between_tokens === undefined ? {} : { betweenTokensMs: durationMs(between_tokens) }),
    ...(total === undefined ? {} : { totalMs: durationMs(total) }),
  };
}
