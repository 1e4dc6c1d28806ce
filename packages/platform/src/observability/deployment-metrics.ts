import type { Counter, Gauge } from "prom-client";
import type { Instruments } from "./instruments.ts";
import { METRICS } from "./metric-table.ts";

const CAUSES = ["first", "retry", "fallback", "hedge"] as const;
export const OUTCOMES = ["succeeded", "cancelled", "failed", "interrupted"] as const;

/** One attempt at a deployment, as in its row of the ledger. */
export interface DeploymentAttempt {
  /** Name of the deployment; `cache` for answers that none had to compute. */
  readonly deployment: string;
  readonly cause: (typeof CAUSES)[number];
  readonly outcome: (typeof OUTCOMES)[number];
}

/** How a deployment stands at the moment of a scrape. */
export interface ShownDeployment {
  readonly deployment: string;
  /** Requests that this gateway has there. */
  readonly inFlight: number;
  readonly breaker: "closed" | "open" | "half_open";
  /** Most requests at once, over all gateways; undefined: no bound is known. */
  readonly places: number | undefined;
  /** Those of the places that are this gateway's. */
  readonly share: number | undefined;
}

type Children = Map<string, Counter.Internal>;

const CACHE = "cache";

/** The series of deployments. They are named by operators and by the lists of upstreams, so those that vanish are forgotten. */
export class DeploymentMetrics {
  readonly #attempts: Counter;
  readonly #running: Gauge;
  readonly #breaker: Gauge;
  readonly #places: Gauge;
  readonly #share: Gauge;
  readonly #other: string;
  /** Counters of each deployment that is known, made when they are first used. */
  readonly #known = new Map<string, Children>([[CACHE, new Map()]]);

  /** @param other the label of deployments that are not known. */
  constructor(instruments: Instruments, other: string) {
    this.#attempts = instruments.counter(METRICS.deploymentAttempts);
    this.#running = instruments.gauge(METRICS.deploymentRequestsRunning);
    this.#breaker = instruments.gauge(METRICS.deploymentBreaker);
    this.#places = instruments.gauge(METRICS.deploymentPlaces);
    this.#share = instruments.gauge(METRICS.deploymentPlacesShare);
    this.#other = other;
    this.#known.set(other, new Map());
  }

  /** From now on these are known, and no others. */
  retain(names: Iterable<string>): void {
    const kept = new Set([...names, CACHE, this.#other]);
    for (const name of kept) if (!this.#known.has(name)) this.#known.set(name, new Map());
    for (const name of this.#known.keys()) if (!kept.has(name)) this.#forget(name);
  }

  attemptEnded({ deployment, cause, outcome }: DeploymentAttempt): void {
    const known = this.#known.get(deployment);
    const children = known ?? this.#known.get(this.#other);
    const label = known === undefined ? this.#other : deployment;
    const key = `${cause} ${outcome}`;
    let child = children?.get(key);
    if (child === undefined) {
      child = this.#attempts.labels({ deployment: label, cause, outcome });
      children?.set(key, child);
    }
    child.inc();
  }

  /** Shows how they stand now; what is not among them is not shown. */
  show(states: Iterable<ShownDeployment>): void {
    for (const gauge of [this.#running, this.#breaker, this.#places, this.#share]) gauge.reset();
    for (const { deployment, inFlight, breaker, places, share } of states) {
      this.#running.set({ deployment }, inFlight);
      this.#breaker.set({ deployment, state: breaker }, 1);
      if (places !== undefined) this.#places.set({ deployment }, places);
      if (share !== undefined) this.#share.set({ deployment }, share);
    }
  }

  #forget(deployment: string): void {
    this.#known.delete(deployment);
    for (const cause of CAUSES) for (const outcome of OUTCOMES) this.#attempts.remove({ deployment, cause, outcome });
  }
}
