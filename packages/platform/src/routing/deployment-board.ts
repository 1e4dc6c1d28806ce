import { type BreakerChange, DeploymentHealth, type DeploymentSummary } from "./deployment-health.ts";

/** The health of all deployments, by name, as this gateway sees it. */
export class DeploymentBoard {
  readonly #onBreaker: ((change: BreakerChange) => void) | undefined;
  readonly #health = new Map<string, DeploymentHealth>();

  /** @param onBreaker hears when a breaker opens, half-opens on a check or a probe, and closes. */
  constructor({ onBreaker }: { readonly onBreaker?: (change: BreakerChange) => void } = {}) {
    this.#onBreaker = onBreaker;
  }

  /** Of a deployment that exists: names that clients make up are not to be asked for. */
  of(name: string): DeploymentHealth {
    const known = this.#health.get(name);
    if (known !== undefined) return known;
    const health = new DeploymentHealth(name, this.#onBreaker);
    this.#health.set(name, health);
    return health;
  }

  /** Of a deployment that was used before. */
  find(name: string): DeploymentHealth | undefined {
    return this.#health.get(name);
  }

  /** Forgets all others, but for those where requests still run: these are forgotten the next time. */
  retain(names: ReadonlySet<string>): void {
    for (const [name, { inFlight }] of this.#health) if (inFlight === 0 && !names.has(name)) this.#health.delete(name);
  }

  snapshot(now: number): readonly DeploymentSummary[] {
    return [...this.#health.values()].map((health) => health.summary(now));
  }
}
