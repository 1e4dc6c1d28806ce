import { ApiError } from "@bonfire/protocol/errors";
import { whyUnable } from "../routing/able-deployment.ts";
import { applicableGroups } from "../routing/applicable-groups.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { Route, RoutedRequest, RouteTarget } from "../routing/route.ts";
import type { TargetChooser } from "./target-chooser.ts";

/** One place to try: a group of a route, be it the model's own or that of a fallback that the request named. */
interface Stage {
  /** Its place among those of the request, from 0. */
  readonly group: number;
  readonly route: Route;
  readonly targets: readonly RouteTarget[];
}

export interface ChosenTarget {
  /** Which of the request's groups it is from, from 0. */
  readonly group: number;
  readonly route: Route;
  readonly deployment: Deployment;
}

type Choice =
  | { readonly type: "chosen"; readonly chosen: ChosenTarget }
  /** Everybody who could take it is busy. */
  | { readonly type: "busy"; readonly route: Route }
  | { readonly type: "none"; readonly error: ApiError };

interface PlanOptions {
  /** The named model's, then those of its fallbacks. */
  readonly routes: readonly [Route, ...Route[]];
  readonly request: RoutedRequest;
  readonly chooser: TargetChooser;
}

/** Which deployments a request may go to, in which order, and which of them have failed it. */
export class AttemptPlan {
  readonly #options: PlanOptions;
  #stages: Stage[] = [];
  readonly #failed = new Set<Deployment>();
  #allSeemTooShort: boolean | undefined;
  #again: Stage | undefined;

  constructor(options: PlanOptions) {
    this.#options = options;
    for (const route of options.routes) {
      for (const { targets } of applicableGroups(route, options.request)) this.#stages.push({ group: this.#stages.length, route, targets });
    }
  }

  /** Requests with the same can start in the same places; undefined where that depends on the request. */
  get kind(): string | undefined {
    const targets = this.#stages.length === 1 ? this.#stages[0]?.targets : undefined;
    return targets?.length === 1 ? targets[0]?.deployment.name : undefined;
  }

  /** The next deployment to try, as of now. @param except is not taken: a hedge beside it needs another one. */
  choose(now: number, except?: Deployment): Choice {
    const stages = this.#again === undefined || except !== undefined ? this.#stages : [this.#again];
    let retryAtMs = Number.POSITIVE_INFINITY;
    for (const stage of stages) {
      const able = this.#able(stage, except);
      if (able.length === 0) continue;
      const choice = this.#options.chooser.choose(stage.route, able, this.#options.request, now);
      if (choice.type === "target")
        return { type: "chosen", chosen: { group: stage.group, route: stage.route, deployment: choice.target.deployment } };
      if (choice.type === "busy") return { type: "busy", route: stage.route };
      retryAtMs = Math.min(retryAtMs, choice.retryAtMs);
    }
    return { type: "none", error: this.#unavailable(retryAtMs - now) };
  }

  /** The same one once more, and no other. */
  again({ route, deployment, group }: ChosenTarget): void {
    this.#failed.delete(deployment);
    this.#again = { route, group, targets: [{ deployment, weight: 1 }] };
  }

  /** It is not asked again for this request. */
  failed(deployment: Deployment): void {
    this.#again = undefined;
    this.#failed.add(deployment);
  }

  /** Nothing of this route is waited for any more. @returns whether there is something else. */
  giveUp(route: Route): boolean {
    this.#stages = this.#stages.filter((stage) => stage.route !== route);
    return this.#stages.length > 0;
  }

  #able({ targets }: Stage, except: Deployment | undefined): readonly RouteTarget[] {
    for (const { deployment } of targets) {
      if (!this.#isAble(deployment, except)) return targets.filter((target) => this.#isAble(target.deployment, except));
    }
    return targets;
  }

  #isAble(deployment: Deployment, except: Deployment | undefined): boolean {
    return deployment !== except && !this.#failed.has(deployment) && this.#whyUnable(deployment) === undefined;
  }

  /** Lengths are estimates: where all contexts seem too short, the engines say whether they are. */
  #whyUnable(deployment: Deployment): ReturnType<typeof whyUnable> {
    const reason = whyUnable(deployment, this.#options.request);
    if (reason !== "context_length") return reason;
    this.#allSeemTooShort ??= this.#stages.every(({ targets }) =>
      targets.every((target) => whyUnable(target.deployment, this.#options.request) === "context_length"),
    );
    return this.#allSeemTooShort ? undefined : reason;
  }

  #unavailable(inMs: number): ApiError {
    const [{ model }] = this.#options.routes;
    const deployments = this.#stages.flatMap(({ targets }) => targets.map(({ deployment }) => deployment));
    const reasons = new Set(deployments.map((deployment) => this.#whyUnable(deployment)));
    const [reason] = reasons;
    if (reasons.size === 1 && reason !== undefined) return cannot(reason, model);
    const retryAfterSeconds = Number.isFinite(inMs) ? inMs / 1_000 : NOTHING_THERE_SECONDS;
    const what = deployments.length === 0 ? "has no deployment that takes this request now" : "cannot be reached now";
    return new ApiError("model_unavailable", `${model} ${what}.`, { retryAfterSeconds });
  }
}

/** Nobody knows when there will be one. */
const NOTHING_THERE_SECONDS = 10;

const WHY_NOT = {
  context_length: { code: "context_length_exceeded", what: "has a context that is too short for this prompt" },
  vision: { code: "invalid_value", what: "does not take images" },
  chat: { code: "invalid_value", what: "does not take conversations; use /v1/completions" },
} as const;

function cannot(reason: keyof typeof WHY_NOT, model: string): ApiError {
  const { code, what } = WHY_NOT[reason];
  return new ApiError(code, `No deployment of ${model} can serve the request: each ${what}.`, { param: "model" });
}
