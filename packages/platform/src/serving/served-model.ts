import type { Deployment, DeploymentState } from "../routing/deployment.ts";
import type { Route } from "../routing/route.ts";

/** A model that clients can name, and where requests for it go. What it can do is what one of its deployments can. */
export interface ServedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly ownedBy: string;
  /** Tokens of prompt and answer together, of the deployment that takes most; undefined where one of them does not tell. */
  readonly contextLength: number | undefined;
  /** `chat` models have a template; the others only continue text. */
  readonly chat: boolean;
  /** Whether it takes pictures. */
  readonly vision: boolean;
  readonly route: Route;
  readonly state: () => DeploymentState;
}

/** Deployments change while the platform runs: everything is asked of them when it is needed. */
export function servedModel({ id, aliases, route }: Pick<ServedModel, "id" | "aliases" | "route">): ServedModel {
  const deployments: readonly Deployment[] = route.groups.flatMap(({ targets }) => targets.map(({ deployment }) => deployment));
  return {
    id,
    aliases,
    route,
    ownedBy: deployments[0]?.ownedBy ?? "bonfire",
    get contextLength() {
      const lengths = deployments.map(({ contextLength }) => contextLength ?? Number.NaN);
      const longest = Math.max(...lengths);
      return Number.isFinite(longest) ? longest : undefined;
    },
    // Of a route whose deployments are all away nothing is known; its requests are told that.
    chat: deployments.length === 0 || deployments.some(({ chat }) => chat),
    vision: deployments.length === 0 || deployments.some(({ vision }) => vision),
    state: () => bestState(deployments),
  };
}

function bestState(deployments: readonly Deployment[]): DeploymentState {
  const states = deployments.map(({ state }) => state());
  return states.find((state) => state === "ready") ?? states.find((state) => state !== "failed") ?? "failed";
}
