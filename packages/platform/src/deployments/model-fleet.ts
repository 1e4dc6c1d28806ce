import type { LaunchPlan, MemoryBytes } from "../engine/engine.ts";
import type { Substrate } from "../engine/substrate.ts";
import { chooseNextLoad } from "./choose-next-load.ts";
import { choosePlan } from "./choose-plan.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DeployedModel } from "./deployed-model.ts";
import type { FleetEvent, LocalDeployment, ModelStatus } from "./local-deployment.ts";
import { remainingMemory, totalMemory } from "./memory.ts";
import type { ModelLease } from "./model-leases.ts";
import { ModelNotReadyError } from "./model-not-ready-error.ts";
import { RESTART_POLICY, type RestartPolicy } from "./restart-policy.ts";

interface FleetOptions {
  /** What all loaded models together may take. */
  readonly budget: MemoryBytes;
  readonly substrate: Substrate;
  readonly onEvent: (event: FleetEvent) => void;
  /** Longest wait of a request for its model to be loaded. */
  readonly loadWaitMs?: number;
  /** A model that failed is tried again for a request that comes so much later. */
  readonly coolDownMs?: number;
  /** How long a model that waits for memory lets requests for loaded ones go before it. */
  readonly patienceMs?: number;
  readonly restarts?: RestartPolicy;
  readonly clock?: Clock;
}

const LOAD_WAIT_MS = 60_000;
const COOL_DOWN_MS = 60_000;
const PATIENCE_MS = 15_000;
/** For requests that run when an operator unloads their model. */
const UNLOAD_GRACE_MS = 30_000;

/** All models that this process runs itself: loads them when they are asked for, unloads them when idle, keeps them within the memory budget. */
export class ModelFleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #models = new Map<string, DeployedModel>();
  readonly #removed = new WeakSet<DeployedModel>();
  #stopped = false;
  #scheduling = false;
  #cancelLook: () => void = () => undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Makes a model known; a pinned one is loaded from now on, in the background. @throws when the id is taken. */
  add(deployment: LocalDeployment): void {
    const { budget, substrate, onEvent, loadWaitMs = LOAD_WAIT_MS, coolDownMs = COOL_DOWN_MS, restarts = RESTART_POLICY } = this.#options;
    if (this.#models.has(deployment.id)) throw new Error(`There is a model ${deployment.id} already.`);
    const model: DeployedModel = new DeployedModel({
      deployment,
      plan: deployment.plan(budget),
      substrate,
      clock: this.#clock,
      loadWaitMs,
      coolDownMs,
      restarts,
      onEvent,
      onChange: () => this.#schedule(),
      makeRoom: () => this.#makeRoom(model),
    });
    this.#models.set(deployment.id, model);
    if (deployment.pinned === true && !this.#stopped) model.want();
  }

  /** Unloads it and forgets it; does nothing where it is not known. */
  async remove(id: string, graceMs = UNLOAD_GRACE_MS): Promise<void> {
    const model = this.#models.get(id);
    if (model === undefined) return;
    // It holds memory until it is gone, so it stays in the books so long.
    this.#removed.add(model);
    model.turnAway("it was removed");
    await model.unload(graceMs);
    this.#models.delete(id);
  }

  /**
   * The right to use the model for one request; loads it where it is not loaded. A caller that leaves does not end the load.
   * @throws ModelNotReadyError when that fails or takes too long, or the signal's reason.
   */
  async acquire(id: string, signal: AbortSignal): Promise<ModelLease> {
    return this.#require(id).acquire(signal);
  }

  /** Settles when the model is loaded; one that failed is tried again at once. @throws ModelNotReadyError, or the signal's reason. */
  async load(id: string, signal: AbortSignal): Promise<void> {
    await this.#require(id).loaded(signal);
  }

  /** Requests that wait for it are turned away, those that run have until the grace is over. Settles when its memory is free. The next request loads it again. */
  async unload(id: string, graceMs = UNLOAD_GRACE_MS): Promise<void> {
    const model = this.#require(id);
    model.turnAway("it was unloaded by an operator");
    await model.unload(graceMs);
  }

  status(): readonly ModelStatus[] {
    return [...this.#models.values()].filter((model) => !this.#removed.has(model)).map((model) => model.status());
  }

  /** What may be taken, and what is planned for the models that are loaded. */
  memory(): { readonly budget: MemoryBytes; readonly used: MemoryBytes } {
    return { budget: this.#options.budget, used: totalMemory(this.#resident()) };
  }

  /** Takes no more requests and ends every engine; those that run have until the grace is over. Safe to call twice; a shorter grace counts. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelLook();
    const models = [...this.#models.values()];
    for (const model of models) model.turnAway("the platform is being stopped");
    await Promise.all(models.map((model) => model.unload(graceMs)));
  }

  #require(id: string): DeployedModel {
    const model = this.#models.get(id);
    if (model === undefined || this.#removed.has(model))
      throw new ModelNotReadyError({ model: id, state: "unloaded", reason: "it is not deployed here" });
    if (this.#stopped) throw new ModelNotReadyError({ model: id, state: model.state, reason: "the platform is being stopped" });
    return model;
  }

  #resident() {
    return [...this.#models.values()].flatMap((model) => model.resident() ?? []);
  }

  /** Carries out what `chooseNextLoad` says until nothing is left to do. Every change calls it; it may be called at any time. */
  #schedule(): void {
    if (this.#scheduling || this.#stopped) return;
    this.#scheduling = true;
    this.#cancelLook();
    try {
      while (this.#takeStep());
    } finally {
      this.#scheduling = false;
    }
  }

  /** @returns whether it changed something. */
  #takeStep(): boolean {
    const { budget, onEvent, patienceMs = PATIENCE_MS } = this.#options;
    const resident = this.#resident();
    const free = remainingMemory(budget, totalMemory(resident));
    const queued = [...this.#models.values()].filter(({ state }) => state === "queued");
    const plans = new Map<string, LaunchPlan>(queued.map((model) => [model.id, choosePlan({ plan: model.deployment.plan, budget, free })]));
    const queue = queued.flatMap(({ id, queuedAt }) => {
      const needed = plans.get(id)?.memory;
      return needed === undefined ? [] : [{ id, queuedAt, needed }];
    });
    const step = chooseNextLoad({ now: this.#clock.now(), budget, queue, resident, patienceMs });

    const closed = new Set(step.kind === "wait" ? step.close : step.kind === "evict" ? step.evict : []);
    for (const model of this.#models.values()) model.setClosed(closed.has(model.id));
    if (step.kind === "none") return false;
    const model = this.#models.get(step.id);
    const plan = plans.get(step.id);
    if (model === undefined || plan === undefined) return false;
    switch (step.kind) {
      case "load":
        model.load(plan);
        return true;
      case "refuse":
        model.refuse(step.reason);
        return true;
      case "evict":
        for (const id of step.evict) {
          onEvent({ type: "evicted", model: id, for: step.id });
          void this.#models.get(id)?.unload(0);
        }
        return true;
      case "wait": {
        model.explainWait(`it waits for memory that ${resident.map(({ id }) => id).join(", ")} hold`);
        if (step.lookAgainAt !== undefined) {
          this.#cancelLook = this.#clock.after(Math.max(0, step.lookAgainAt - this.#clock.now()), () => this.#schedule());
        }
        return false;
      }
    }
  }

  async #makeRoom(loading: DeployedModel): Promise<boolean> {
    const idle = [...this.#models.values()].filter((model) => model !== loading && model.isIdle);
    for (const { id } of idle) this.#options.onEvent({ type: "evicted", model: id, for: loading.id });
    await Promise.all(idle.map((model) => model.unload(0)));
    return idle.length > 0;
  }
}
