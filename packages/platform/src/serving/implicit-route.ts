import { RETRY_CLASSES } from "@bonfire/protocol/routes";
import type { Deployment } from "../routing/deployment.ts";
import type { Route, RouteGroup } from "../routing/route.ts";

const ALL_CLASSES = new Set(RETRY_CLASSES);
const MOST_ATTEMPTS = 3;

/**
 * Where requests for a model go of which the operator has said nothing. A model of this platform stays here: nobody else sees its prompts
 * unless a route says so. Otherwise the upstreams that have it stand in for each other, in the order of their names.
 */
export function implicitRoute(model: string, deployments: readonly Deployment[]): Route {
  const own = deployments.filter(({ usageSource }) => usageSource === "engine");
  const groups = own.length > 0 ? [groupOf(own)] : byName(deployments).map((deployment) => groupOf([deployment]));
  return {
    model,
    policy: "weighted",
    affinity: "session",
    groups,
    retries: { attempts: MOST_ATTEMPTS, on: ALL_CLASSES },
    timeouts: {},
    hedge: undefined,
    cacheTtlMs: undefined,
  };
}

function groupOf(deployments: readonly Deployment[]): RouteGroup {
  return { targets: deployments.map((deployment) => ({ deployment, weight: 1 })), when: undefined };
}

function byName(deployments: readonly Deployment[]): readonly Deployment[] {
  return deployments.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
