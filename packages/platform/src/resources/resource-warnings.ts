import type { Resources } from "@bonfire/protocol/apply";
import type { RouteDefinition } from "@bonfire/protocol/routes";
import { missingDeployments } from "../routing/compile-route.ts";

interface KnownPlaces {
  readonly isDeployment: (name: string) => boolean;
  /** Whether there is, or will be, an upstream of this name. */
  readonly isUpstream: (name: string) => boolean;
  /** Whether nobody knows yet which models an upstream has: it says so itself once it is there. */
  readonly isUnread: (upstream: string) => boolean;
  /** Id of the model that has this name itself, or undefined. */
  readonly ownerOf: (name: string) => string | undefined;
}

const MOST_WARNINGS = 100;

/** What can be taken as it is but will not work as it stands. */
export function resourceWarnings({ routes = [], aliases = [] }: Resources, places: KnownPlaces): string[] {
  const models = new Set(routes.map(({ model }) => model));
  const warnings = [
    ...routes.flatMap((route) => [...placeWarnings(route, places), ...hedgeWarnings(route)]),
    ...aliases.flatMap(({ name }) => aliasWarnings(name, models.has(name) ? name : places.ownerOf(name))),
  ];
  const more = warnings.length - MOST_WARNINGS;
  return more > 0 ? [...warnings.slice(0, MOST_WARNINGS), `There are ${more} more warnings.`] : warnings;
}

function placeWarnings(route: RouteDefinition, { isDeployment, isUpstream, isUnread }: KnownPlaces): string[] {
  const upstreams = new Set(
    route.groups
      .flatMap(({ deployments }) => deployments.map(({ deployment }) => upstreamOf(deployment)))
      .filter((name) => name !== "local"),
  );
  const unknown = [...upstreams].filter((name) => !isUpstream(name));
  const missing = missingDeployments(route, isDeployment).filter((name) => {
    const upstream = upstreamOf(name);
    return !unknown.includes(upstream) && !isUnread(upstream);
  });
  return [
    ...unknown.map((name) => `The route '${route.model}' leads to the upstream '${name}', which does not exist.`),
    ...missing.map((name) => `The route '${route.model}' leads to '${name}', which is not there now.`),
  ];
}

function hedgeWarnings({ model, hedge, groups }: RouteDefinition): string[] {
  const deployments = new Set(groups.flatMap((group) => group.deployments.map(({ deployment }) => deployment)));
  return hedge === undefined || deployments.size > 1
    ? []
    : [`The route '${model}' asks for hedged requests, but has one deployment alone.`];
}

function aliasWarnings(name: string, owner: string | undefined): string[] {
  return owner === undefined ? [] : [`The alias '${name}' is not reached: the model or route '${owner}' has that name itself.`];
}

function upstreamOf(deployment: string): string {
  return deployment.slice(0, deployment.indexOf("/"));
}
