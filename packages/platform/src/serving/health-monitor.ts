import { withTimeLimit } from "../engine/time-limit.ts";
import type { Deployment, HealthCheck } from "../routing/deployment.ts";
import type { DeploymentBoard } from "../routing/deployment-board.ts";

interface MonitorOptions {
  /** Those that are there now. */
  readonly deployments: () => readonly Deployment[];
  readonly board: DeploymentBoard;
  /** Called at each look: time has passed, for which some wait. */
  readonly onLook: () => void;
  /** How often it is looked whether a question is due. */
  readonly lookMs?: number;
}

const LOOK_MS = 1_000;
/** What failed is asked sooner, so that it is used again as soon as it can be. */
const FAILED_EVERY_MS = 2_000;
const TIMEOUT_MS = 5_000;

/** Asks the deployments how they are, also while nobody uses them. */
export class HealthMonitor {
  readonly #options: MonitorOptions;
  /** When each question was asked last. */
  readonly #askedAt = new Map<HealthCheck, number>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.lookMs ?? LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort(new Error("The platform is stopping."));
  }

  #look(): void {
    const { deployments, board } = this.#options;
    const byCheck = new Map<HealthCheck, Deployment[]>();
    const all = deployments();
    for (const deployment of all) {
      if (deployment.check !== undefined) byCheck.set(deployment.check, [...(byCheck.get(deployment.check) ?? []), deployment]);
    }
    for (const check of this.#askedAt.keys()) if (!byCheck.has(check)) this.#askedAt.delete(check);
    const now = Date.now();
    for (const [check, asked] of byCheck) {
      const isFailing = asked.some(({ name }) => board.find(name)?.summary(now).breaker === "open");
      const everyMs = isFailing ? Math.min(check.everyMs, FAILED_EVERY_MS) : check.everyMs;
      const askedAt = this.#askedAt.get(check);
      // A new one has just shown its list.
      if (askedAt === undefined) this.#askedAt.set(check, now);
      else if (now - askedAt >= everyMs) void this.#ask(check, asked);
    }
    board.retain(new Set(all.map(({ name }) => name)));
    this.#options.onLook();
  }

  async #ask(check: HealthCheck, asked: readonly Deployment[]): Promise<void> {
    const { board } = this.#options;
    this.#askedAt.set(check, Date.now());
    try {
      await check.ask(withTimeLimit(this.#stop.signal, TIMEOUT_MS));
      for (const { name } of asked) board.of(name).checkSucceeded(Date.now());
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      for (const { name } of asked) board.of(name).checkFailed(error, Date.now());
    }
  }
}
