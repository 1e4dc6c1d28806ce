import { candidateOf, chooseCandidate } from "../choose-candidate.ts";
import type { Candidate } from "../choose-target.ts";
import { DeploymentBoard } from "../deployment-board.ts";
import { PrefixIndex } from "../prefix-index.ts";
import type { Route } from "../route.ts";
import { nameOf, requestWith, targetNamed } from "./sample-routes.ts";
import { seededRandom } from "./seeded-random.ts";

interface SimulatedDeployment {
  readonly name: string;
  readonly firstTokenMs: number;
  /** Fails each request, after `firstTokenMs`. */
  readonly error?: Error;
}

interface Traffic {
  readonly deployments: readonly SimulatedDeployment[];
  readonly route: Pick<Route, "policy" | "affinity">;
  readonly requests: number;
  /** Between two requests on the average; they come at random. */
  readonly everyMs: number;
  readonly sessionOf?: (request: number) => string;
  /** Sees what there was to choose from. */
  readonly onChoice?: (chosen: Candidate, candidates: readonly Candidate[]) => void;
}

/** Runs requests against deployments on a clock of its own. @returns how many each one got; those that found no deployment are missing. */
export function simulateTraffic({ deployments, route, requests, everyMs, sessionOf, onChoice }: Traffic): ReadonlyMap<string, number> {
  const random = seededRandom(7);
  const board = new DeploymentBoard();
  const prefixes = new PrefixIndex();
  const places = deployments.map((deployment) => ({ ...deployment, target: targetNamed(deployment.name) }));
  const endings: { readonly at: number; readonly end: (now: number) => void }[] = [];
  const counts = new Map(deployments.map(({ name }) => [name, 0]));
  let now = 1_000_000;
  for (let request = 0; request < requests; request++) {
    now += -Math.log(1 - random()) * everyMs;
    endings.sort((one, other) => one.at - other.at);
    for (let next = endings[0]; next !== undefined && next.at <= now; next = endings[0]) {
      endings.shift();
      next.end(next.at);
    }
    const candidates = places
      .filter(({ name }) => typeof board.of(name).allow(now) === "string")
      .map(({ name, target }) => candidateOf(target, board.of(name), now));
    const session = sessionOf?.(request);
    const chosen = chooseCandidate(candidates, { route, request: requestWith({ session }), prefixes, random });
    const deployment = places.find(({ name }) => name === nameOf(chosen));
    if (chosen === undefined || deployment === undefined) continue;
    onChoice?.(chosen, candidates);
    counts.set(deployment.name, (counts.get(deployment.name) ?? 0) + 1);
    const place = board.of(deployment.name).begin(now);
    endings.push({
      at: now + deployment.firstTokenMs,
      end: (at) => {
        if (deployment.error === undefined) place.answered(at);
        else place.failed(deployment.error, at);
        place.release(at);
      },
    });
  }
  return counts;
}
