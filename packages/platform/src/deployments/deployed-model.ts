import type { LaunchPlan, ModelClient } from "../engine/engine.ts";
import type { Substrate } from "../engine/substrate.ts";
import type { ResidentModel } from "./choose-next-load.ts";
import type { Clock } from "./clock.ts";
import { isLackOfMemory } from "./lack-of-memory.ts";
import type { FleetEvent, LocalDeployment, ModelStatus } from "./local-deployment.ts";
import { type ModelLease, ModelLeases } from "./model-leases.ts";
import { ModelNotReadyError } from "./model-not-ready-error.ts";
import { isResident, type ModelEvent, type ModelState, transition } from "./model-state.ts";
import { type ReplicaEvent, ReplicaSupervisor } from "./replica-supervisor.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import { WaitingRequests } from "./waiting-requests.ts";

export interface DeployedModelOptions {
  readonly deployment: LocalDeployment;
  /** What it would have with the whole budget. */
  readonly plan: LaunchPlan;
  readonly substrate: Substrate;
  readonly clock: Clock;
  /** Longest wait of a request for the model to be loaded. */
  readonly loadWaitMs: number;
  /** A model that failed is tried again for a request that comes so much later. */
  readonly coolDownMs: number;
  readonly restarts: RestartPolicy;
  readonly onEvent: (event: FleetEvent) => void;
  /** Something has changed that may let another model be loaded, or this one. */
  readonly onChange: () => void;
  /** Unloads every idle model. @returns whether there was one. */
  readonly makeRoom: () => Promise<boolean>;
}

/** One model of the fleet: its state, its replica, the requests that run on it and those that wait for it. Who is loaded when is the fleet's business. */
export class DeployedModel {
  readonly #options: DeployedModelOptions;
  readonly #leases: ModelLeases;
  readonly #requests: WaitingRequests<ModelLease>;
  readonly #loads: WaitingRequests<void>;
  #state: ModelState = "unloaded";
  #since: number;
  #reason: string | undefined;
  #plan: LaunchPlan;
  #supervisor: ReplicaSupervisor | undefined;
  #loading: Promise<void> = Promise.resolve();
  #unloading: Promise<void> = Promise.resolve();
  /** Ends the wait for running requests that an unload grants. */
  #stopWaiting: () => void = () => undefined;
  #cancelIdleTimer: () => void = () => undefined;
  #queuedAt = 0;
  #loadedAt = 0;
  #lastLoadMs: number | undefined;
  #closed = false;
  /** Loaded for somebody who has not used it yet: it is not unloaded at once. */
  #keptForFirstUse = false;

  constructor(options: DeployedModelOptions) {
    const { clock, plan } = options;
    this.#options = options;
    this.#plan = plan;
    this.#since = clock.now();
    this.#leases = new ModelLeases(clock, () => this.#becomeIdle());
    this.#requests = new WaitingRequests(clock);
    this.#loads = new WaitingRequests(clock);
  }

  get id(): string {
    return this.#options.deployment.id;
  }

  get state(): ModelState {
    return this.#state;
  }

  get deployment(): LocalDeployment {
    return this.#options.deployment;
  }

  get queuedAt(): number {
    return this.#queuedAt;
  }

  get isIdle(): boolean {
    return (this.#state === "ready" || this.#state === "restarting") && this.#leases.count === 0;
  }

  /** What the choice of the next load needs to know; undefined while the model holds no memory. */
  resident(): ResidentModel | undefined {
    if (!isResident(this.#state)) return undefined;
    return {
      id: this.id,
      ...this.#plan.memory,
      busy: !this.isIdle,
      pinned: this.deployment.pinned === true,
      lastUsedAt: this.#leases.lastUsedAt ?? this.#loadedAt,
      closed: this.#closed,
      leaving: this.#state === "unloading",
      staysUntil: this.#loadedAt + (this.#lastLoadMs ?? 0),
    };
  }

  status(): ModelStatus {
    const { slots, contextLength, gpuLayers, memory } = this.#plan;
    const replica = this.#supervisor?.status();
    return {
      id: this.id,
      state: this.#state,
      since: this.#since,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      pinned: this.deployment.pinned === true,
      slots,
      contextLength,
      gpuLayers,
      memory,
      leases: this.#leases.count,
      waiting: this.#requests.size,
      restarts: replica?.restarts ?? 0,
      ...(replica?.restartAt === undefined ? {} : { restartAt: replica.restartAt }),
      ...(isResident(this.#state) && this.#state !== "loading" ? { loadedAt: this.#loadedAt } : {}),
      ...(this.#leases.lastUsedAt === undefined ? {} : { lastUsedAt: this.#leases.lastUsedAt }),
    };
  }

  /** @throws ModelNotReadyError, or the signal's reason. */
  async acquire(signal: AbortSignal): Promise<ModelLease> {
    signal.throwIfAborted();
    const client = this.#closed ? undefined : this.#client();
    if (client !== undefined) return this.#grant(client);
    // A replica that has just died is started again after a pause that grows: better told than waited for.
    const died = this.#state === "restarting" || (this.#state === "ready" && !this.#closed);
    if (died || (this.#state === "failed" && this.#coolDownMs() > 0)) throw this.#notReady();
    const lease = this.#requests.wait({ signal, atMostMs: this.#options.loadWaitMs, onTimeout: () => this.#notReady() });
    this.#queue();
    return lease;
  }

  /** Settles when it is ready; also begins anew after a failure. @throws ModelNotReadyError, or the signal's reason. */
  async loaded(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#state === "ready") return;
    const loaded = this.#loads.wait({ signal, onTimeout: () => this.#notReady() });
    this.want();
    return loaded;
  }

  /** It is to be loaded, although no request has come yet. */
  want(): void {
    this.#keptForFirstUse = true;
    this.#queue();
  }

  /** Takes new requests, or lets them wait so that it becomes idle. */
  setClosed(closed: boolean): void {
    if (this.#closed === closed) return;
    this.#closed = closed;
    if (!closed && this.#state === "ready") this.#serveWaiting();
  }

  /** Why it is still in the queue. */
  explainWait(reason: string): void {
    if (this.#state === "queued") this.#reason = reason;
  }

  /** It cannot be loaded, as things are. */
  refuse(reason: string): void {
    this.#fail(reason);
  }

  /** Its turn has come: the memory of the plan is free. Goes on in the background; the outcome is the state. */
  load(plan: LaunchPlan): void {
    this.#plan = plan;
    this.#enter("load");
    this.#loading = this.#startReplica(plan);
  }

  async #startReplica(plan: LaunchPlan): Promise<void> {
    const { clock, deployment, onEvent, substrate, restarts, makeRoom } = this.#options;
    const startedAt = clock.now();
    for (let mayRetry = true; ; mayRetry = false) {
      const supervisor = new ReplicaSupervisor({
        model: this.id,
        engine: deployment.engine,
        plan,
        substrate,
        restarts,
        onEvent: (event) => this.#followReplica(supervisor, event),
      });
      this.#supervisor = supervisor;
      const failure = await supervisor.start().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      // Whoever unloads it in the meantime sees that through.
      if (this.#state !== "loading") return;
      if (failure === undefined) break;
      if (!mayRetry || !isLackOfMemory(failure)) return this.#fail(failure);
      onEvent({ type: "load-retried", model: this.id, reason: failure });
      const thereIsRoom = await makeRoom();
      if (this.#state !== "loading") return;
      if (!thereIsRoom) return this.#fail(failure);
    }
    this.#loadedAt = clock.now();
    this.#lastLoadMs = this.#loadedAt - startedAt;
    this.#enter("answer");
    onEvent({ type: "loaded", model: this.id, loadMs: this.#lastLoadMs, memory: plan.memory });
    this.#loads.serveAll(() => undefined);
    // Who waited for this load is served by it, also where others want its memory by now.
    this.#serveWaiting();
    // It may have died in the same moment.
    if (this.#supervisor.state !== "ready") this.#followReplica(this.#supervisor, this.#supervisor.status());
    this.#settle();
  }

  /** Running requests have until the grace is over. A shorter grace counts. Settles when nothing is left of it. */
  async unload(graceMs: number): Promise<void> {
    if (this.#state === "queued" || this.#state === "failed") {
      this.#enter("unload");
      return this.#options.onChange();
    }
    if (this.#state === "unloaded") return;
    if (this.#state !== "unloading") {
      this.#enter("unload");
      this.#cancelIdleTimer();
      this.#unloading = this.#takeDown();
    }
    const cancel = this.#options.clock.after(graceMs, () => this.#stopWaiting());
    await this.#unloading;
    cancel();
  }

  async #takeDown(): Promise<void> {
    if (this.#leases.count > 0) {
      await new Promise<void>((resolve) => {
        this.#stopWaiting = resolve;
      });
    }
    await this.#supervisor?.stop();
    await this.#loading;
    this.#supervisor = undefined;
    this.#plan = this.#options.plan;
    this.#closed = false;
    this.#enter("unloaded");
    if (this.#requests.size + this.#loads.size > 0) this.#queue();
    this.#options.onChange();
  }

  /** Sends those who wait away. */
  turnAway(reason: string): void {
    const error = this.#notReady(reason);
    this.#requests.failAll(error);
    this.#loads.failAll(error);
  }

  #queue(): void {
    if (this.#state !== "unloaded" && this.#state !== "failed") return;
    this.#queuedAt = this.#requests.since ?? this.#options.clock.now();
    this.#enter("queue");
    this.#options.onChange();
  }

  #client(): ModelClient | undefined {
    return this.#state === "ready" ? this.#supervisor?.client : undefined;
  }

  #grant(client: ModelClient): ModelLease {
    this.#cancelIdleTimer();
    this.#keptForFirstUse = false;
    return this.#leases.grant(client);
  }

  #serveWaiting(): void {
    const client = this.#client();
    if (client !== undefined) this.#requests.serveAll(() => this.#grant(client));
  }

  #followReplica(supervisor: ReplicaSupervisor, { state, reason = "its engine ended", restartInMs = 0 }: ReplicaEvent): void {
    if (supervisor !== this.#supervisor || (this.#state !== "ready" && this.#state !== "restarting")) return;
    if (state === "failed") this.#fail(reason);
    if (state === "starting") {
      this.#enter("crash", reason);
      this.#options.onEvent({ type: "restart", model: this.id, reason, restartInMs });
    }
    if (state === "ready" && this.#state === "restarting") {
      this.#enter("answer");
      this.#loads.serveAll(() => undefined);
      if (!this.#closed) this.#serveWaiting();
      this.#settle();
    }
  }

  #fail(reason: string): void {
    this.#cancelIdleTimer();
    this.#supervisor = undefined;
    this.#enter("fail", reason);
    this.turnAway(reason);
    this.#options.onChange();
  }

  #becomeIdle(): void {
    this.#stopWaiting();
    this.#settle();
  }

  /** After a load and after a last request: the time of being idle begins, and others may want the memory. */
  #settle(): void {
    const { clock, deployment, onChange } = this.#options;
    const { keepAliveMs, pinned } = deployment;
    this.#cancelIdleTimer();
    if (this.isIdle && keepAliveMs !== undefined && pinned !== true && !(keepAliveMs === 0 && this.#keptForFirstUse)) {
      this.#cancelIdleTimer = clock.after(keepAliveMs, () => void this.unload(0));
    }
    onChange();
  }

  #coolDownMs(): number {
    return this.#since + this.#options.coolDownMs - this.#options.clock.now();
  }

  #notReady(reason = this.#reason): ModelNotReadyError {
    return new ModelNotReadyError({ model: this.id, state: this.#state, reason, retryAfterMs: this.#retryAfterMs() });
  }

  /** From what is known: the last load's time, the pause before a restart, the cool-down after a failure. */
  #retryAfterMs(): number | undefined {
    if (this.#state === "failed") return Math.max(0, this.#coolDownMs());
    if (this.#lastLoadMs === undefined) return undefined;
    const now = this.#options.clock.now();
    if (this.#state === "loading") return Math.max(0, this.#since + this.#lastLoadMs - now);
    const restartAt = this.#supervisor?.status().restartAt;
    return this.#state === "restarting" ? Math.max(0, (restartAt ?? now) - now) + this.#lastLoadMs : undefined;
  }

  #enter(event: ModelEvent, reason?: string): void {
    const from = this.#state;
    this.#state = transition(from, event);
    this.#since = this.#options.clock.now();
    this.#reason = reason;
    this.#options.onEvent({ type: "state", model: this.id, from, to: this.#state, ...(reason === undefined ? {} : { reason }) });
  }
}
