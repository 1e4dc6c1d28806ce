import { RETRY_CLASSES } from "@bonfire/protocol/routes";
import type { Candidate } from "../choose-target.ts";
import type { Deployment } from "../deployment.ts";
import type { Route, RoutedRequest, RouteGroup, RouteTarget } from "../route.ts";

/** A deployment that policies look at and nobody asks. */
export function deploymentNamed(name: string, facts: Partial<Deployment> = {}): Deployment {
  return {
    name,
    model: name,
    engine: "openai-compatible",
    ownedBy: "test",
    contextLength: undefined,
    chat: true,
    vision: true,
    price: undefined,
    usageSource: "provider",
    timeouts: { firstTokenMs: 120_000, betweenTokensMs: 60_000, totalMs: 1_800_000 },
    maxConcurrent: undefined,
    state: () => "ready",
    acquire: () => Promise.reject(new Error(`${name} is there to be chosen, not to be asked.`)),
    ...facts,
  };
}

export function targetNamed(name: string, weight = 1, facts: Partial<Deployment> = {}): RouteTarget {
  return { deployment: deploymentNamed(name, facts), weight };
}

interface CandidateFacts {
  readonly weight?: number;
  readonly inFlight?: number;
  readonly firstTokenMs?: number | undefined;
  readonly price?: Deployment["price"];
}

export function candidateNamed(name: string, { weight = 1, inFlight = 0, firstTokenMs, price }: CandidateFacts = {}): Candidate {
  return { target: targetNamed(name, weight, { price }), inFlight, firstTokenMs };
}

export function nameOf(candidate: Candidate | undefined): string | undefined {
  return candidate?.target.deployment.name;
}

export function routeTo(groups: readonly RouteGroup[], facts: Partial<Route> = {}): Route {
  return {
    model: "test/model",
    policy: "weighted",
    affinity: "none",
    groups,
    retries: { attempts: 3, on: new Set(RETRY_CLASSES) },
    timeouts: {},
    hedge: undefined,
    cacheTtlMs: undefined,
    ...facts,
  };
}

export function requestWith(facts: Partial<RoutedRequest> = {}): RoutedRequest {
  return {
    projectId: "proj_1",
    keyId: "key_1",
    tags: [],
    promptTokens: 10,
    uses: new Set(),
    isChat: true,
    session: undefined,
    promptText: () => "",
    ...facts,
  };
}
