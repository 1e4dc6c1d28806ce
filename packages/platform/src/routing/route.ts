import type { RetryClass, RouteConditions, RouteDefinition } from "@bonfire/protocol/routes";
import type { AttemptTimeouts, Deployment } from "./deployment.ts";

export interface RouteTarget {
  readonly deployment: Deployment;
  /** Share of requests beside the others of its group; 0: none, unless the others fail. */
  readonly weight: number;
}

/** Deployments that stand in for each other. */
export interface RouteGroup {
  readonly targets: readonly RouteTarget[];
  readonly when: RouteConditions | undefined;
}

/** Where requests for one name go, with its deployments found. A running request keeps the one that it began with. */
export interface Route {
  /** What the name resolved to: the model's id, or the route's own name. */
  readonly model: string;
  readonly policy: RouteDefinition["policy"];
  readonly affinity: RouteDefinition["affinity"];
  /** In order; those behind the first one whose conditions hold are its fallbacks. */
  readonly groups: readonly RouteGroup[];
  readonly retries: { readonly attempts: number; readonly on: ReadonlySet<RetryClass> };
  /** What is given wins over the deployment's own. */
  readonly timeouts: Partial<AttemptTimeouts>;
  readonly hedge: { readonly afterMs: number | "p95"; readonly share: number } | undefined;
  /** Undefined: answers are not stored, unless the request asks for it. */
  readonly cacheTtlMs: number | undefined;
}

/** What a request uses of what not every model can do. */
export type RequestUse = NonNullable<RouteConditions["uses"]>[number];

/** What routing looks at in a request. */
export interface RoutedRequest {
  readonly projectId: string;
  /** Null for the operator's socket. */
  readonly keyId: string | null;
  readonly tags: readonly string[];
  /** An estimate. */
  readonly promptTokens: number;
  readonly uses: ReadonlySet<RequestUse>;
  readonly isChat: boolean;
  /** What related requests have in common: a cache key, a session. */
  readonly session: string | undefined;
  /** The prompt's text from its beginning, for the longest shared prefix; asked for only where a route needs it. */
  readonly promptText: () => string;
}
