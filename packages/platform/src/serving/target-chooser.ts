import { candidateOf, chooseCandidate } from "../routing/choose-candidate.ts";
import type { Candidate } from "../routing/choose-target.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { DeploymentBoard } from "../routing/deployment-board.ts";
import type { PrefixIndex } from "../routing/prefix-index.ts";
import type { Route, RoutedRequest, RouteTarget } from "../routing/route.ts";

export type TargetChoice =
  | { readonly type: "target"; readonly target: RouteTarget }
  /** All that work have no place free. */
  | { readonly type: "busy" }
  /** None works now; when the first of them is tried again, on the clock of `now`. */
  | { readonly type: "none"; readonly retryAtMs: number };

interface ChooserOptions {
  readonly board: DeploymentBoard;
  readonly prefixes: PrefixIndex;
  /** Places that this gateway may use at a deployment. */
  readonly placesAt: (deployment: Deployment) => number;
  readonly isDraining: (name: string) => boolean;
  readonly random: () => number;
}

/** Chooses one deployment of a group: those that work and have a place free, by affinity and else by the route's policy. */
export class TargetChooser {
  readonly #options: ChooserOptions;

  constructor(options: ChooserOptions) {
    this.#options = options;
  }

  choose(route: Route, targets: readonly RouteTarget[], request: RoutedRequest, now: number): TargetChoice {
    const { board, isDraining, placesAt, prefixes, random } = this.#options;
    const free: Candidate[] = [];
    let isBusy = false;
    let retryAtMs = Number.POSITIVE_INFINITY;
    for (const target of targets) {
      const { deployment } = target;
      if (isDraining(deployment.name)) continue;
      const health = board.of(deployment.name);
      const allowed = health.allow(now);
      if (typeof allowed === "object") retryAtMs = Math.min(retryAtMs, allowed.retryAtMs);
      else if (health.inFlight >= placesAt(deployment)) isBusy = true;
      else free.push(candidateOf(target, health, now));
    }
    const chosen = chooseCandidate(free, { route, request, prefixes, random });
    if (chosen !== undefined) return { type: "target", target: chosen.target };
    return isBusy ? { type: "busy" } : { type: "none", retryAtMs };
  }
}
