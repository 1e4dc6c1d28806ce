import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine, LaunchPlan, ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { ObservedReplica, Substrate } from "../engine/substrate.ts";
import { RECOVERED_AFTER_MS, restartDelayMs } from "./restart-delay.ts";

export type ReplicaState = "starting" | "ready" | "failed" | "stopped";

interface SupervisorOptions {
  /** Public model id. */
  readonly model: string;
  readonly engine: Engine;
  readonly plan: LaunchPlan;
  readonly substrate: Substrate;
  readonly onEvent: (event: { readonly state: ReplicaState; readonly reason?: string; readonly restartInMs?: number }) => void;
}

const PROBE_INTERVAL_MS = 50;
const PROBE_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 300_000;
const STOP_GRACE_MS = 2_000;

/** Keeps one replica of a model alive: starts it, waits until it answers, starts it again when it dies. */
export class ReplicaSupervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #state: ReplicaState = "starting";
  #client: ModelClient | undefined;
  #running: Promise<void> | undefined;
  #starts = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Undefined while there is no replica that answers. */
  get client(): ModelClient | undefined {
    return this.#client;
  }

  /** Settles when the first replica is ready. @throws when it ends before that: a wrong model or engine does not mend itself. */
  async start(): Promise<void> {
    const starting = this.#startReplica();
    this.#running = starting.then(
      (first) => this.#supervise(first),
      () => undefined,
    );
    await starting;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the replica is being stopped"));
    await this.#running;
    this.#enter("stopped");
  }

  async #supervise(first: ObservedReplica): Promise<void> {
    let replica: ObservedReplica | undefined = first;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const startedAt = Date.now();
      if (replica !== undefined) {
        const end = await this.#untilEnd(replica);
        if (end === undefined) return;
        failures = Date.now() - startedAt > RECOVERED_AFTER_MS ? 1 : failures + 1;
        const restartInMs = restartDelayMs(failures);
        this.#enter("starting", end, restartInMs);
        await this.#pause(restartInMs);
      }
      replica = await this.#startReplica().catch(async (error: unknown) => {
        if (this.#stopping.signal.aborted) return undefined;
        failures++;
        const restartInMs = restartDelayMs(failures);
        this.#enter("failed", error instanceof Error ? error.message : String(error), restartInMs);
        await this.#pause(restartInMs);
        return undefined;
      });
    }
    if (replica !== undefined) await this.#stopReplica(replica);
  }

  /** @returns why it ended by itself, or undefined when it was stopped on request. */
  async #untilEnd(replica: ObservedReplica): Promise<string | undefined> {
    const end = await Promise.race([this.#options.substrate.ended(replica.id), aborted(this.#stopping.signal)]);
    await this.#stopReplica(replica);
    return end === undefined ? undefined : (end.reason ?? "it ended");
  }

  async #startReplica(): Promise<ObservedReplica> {
    const { model, engine, plan, substrate } = this.#options;
    const secret = randomBytes(24).toString("hex");
    const id = `replica-${process.pid}-${++this.#starts}-${randomBytes(3).toString("hex")}`;
    const replica = await substrate.start(plan, { id, model, secret });
    const client = engine.connect({
      address: replica.address,
      model,
      slots: plan.slots,
      contextLength: plan.contextLength,
      credentials: async () => secret,
    });
    this.#client = undefined;
    try {
      await this.#untilReady(replica, client);
    } catch (error) {
      await client.close();
      await substrate.stop(replica.id, STOP_GRACE_MS);
      throw error;
    }
    this.#client = client;
    this.#enter("ready");
    return replica;
  }

  async #untilReady(replica: ObservedReplica, client: ModelClient): Promise<void> {
    const deadline = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
    let exit: ObservedReplica | undefined;
    void this.#options.substrate.ended(replica.id).then((observed) => {
      exit = observed;
    });
    for (;;) {
      deadline.throwIfAborted();
      if (exit !== undefined)
        throw new Error(`The engine for ${this.#options.model} ended while it started: ${exit.reason ?? "no reason known"}`);
      if (await answers(client)) return;
      await delay(PROBE_INTERVAL_MS);
    }
  }

  async #stopReplica(replica: ObservedReplica): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
    await this.#options.substrate.stop(replica.id, STOP_GRACE_MS);
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #enter(state: ReplicaState, reason?: string, restartInMs?: number): void {
    this.#state = state;
    this.#options.onEvent({ state, ...(reason === undefined ? {} : { reason }), ...(restartInMs === undefined ? {} : { restartInMs }) });
  }
}

async function answers(client: ModelClient): Promise<boolean> {
  try {
    return (await client.health(AbortSignal.timeout(PROBE_TIMEOUT_MS))).state === "ready";
  } catch (error) {
    // Not listening yet, or too busy to say so.
    if (error instanceof EngineError || (error instanceof Error && error.name === "TimeoutError")) return false;
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
