import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { bearer } from "../egress/bearer.ts";
import type { Engine, LaunchPlan, ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { ObservedReplica, Substrate } from "../engine/substrate.ts";
import { afterFailure, RESTART_POLICY, type RestartPolicy, startDeadlineMs } from "./restart-policy.ts";

/**
 * starting: a first start, or one after a crash; failed: given up, no process is left; stopped: on request, or not started yet.
 */
export type ReplicaState = "starting" | "ready" | "failed" | "stopped";

export interface ReplicaStatus {
  readonly state: ReplicaState;
  /** When it entered this state. Times are in milliseconds since 1970. */
  readonly since: number;
  /** Why the last replica ended, with its last lines; absent once another one is ready. */
  readonly reason?: string;
  /** Starts after a crash, since the beginning. */
  readonly restarts: number;
  readonly failuresInARow: number;
  /** When the next start is due, while one is waited for. */
  readonly restartAt?: number;
}

export interface ReplicaEvent {
  readonly state: ReplicaState;
  readonly reason?: string;
  readonly restartInMs?: number;
}

interface Change {
  readonly reason?: string;
  readonly failuresInARow?: number;
  readonly restartInMs?: number;
}

interface SupervisorOptions {
  /** Public model id. */
  readonly model: string;
  readonly engine: Engine;
  readonly plan: LaunchPlan;
  readonly substrate: Substrate;
  readonly onEvent: (event: ReplicaEvent) => void;
  readonly restarts?: RestartPolicy;
}

const PROBE_INTERVAL_MS = 50;
const PROBE_TIMEOUT_MS = 5_000;
const STOP_GRACE_MS = 2_000;

/** Keeps one replica of a model alive: starts it, waits until it answers, starts it again when it dies, and gives up when it keeps dying. */
export class ReplicaSupervisor {
  readonly #options: SupervisorOptions;
  readonly #policy: RestartPolicy;
  readonly #stopping = new AbortController();
  #status: Omit<ReplicaStatus, "restarts"> = { state: "stopped", since: Date.now(), failuresInARow: 0 };
  #restarts = 0;
  #client: ModelClient | undefined;
  #running: Promise<void> | undefined;
  #starts = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policy = options.restarts ?? RESTART_POLICY;
  }

  get state(): ReplicaState {
    return this.#status.state;
  }

  /** Undefined while there is no replica that answers. */
  get client(): ModelClient | undefined {
    return this.#client;
  }

  status(): ReplicaStatus {
    return { ...this.#status, restarts: this.#restarts };
  }

  /**
   * Settles when the first replica is ready. After `failed` it begins anew.
   * @throws when the replica ends before that, and is `failed`: a wrong model or engine does not mend itself.
   */
  async start(): Promise<void> {
    const starting = this.#startFirst();
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

  async #startFirst(): Promise<ObservedReplica> {
    this.#enter("starting", { failuresInARow: 0 });
    try {
      return await this.#startReplica();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#enter("failed", { reason: messageOf(error), failuresInARow: 1 });
      throw error;
    }
  }

  async #supervise(first: ObservedReplica): Promise<void> {
    let replica: ObservedReplica | undefined = first;
    while (replica !== undefined) {
      const readyAt = Date.now();
      const reason = await this.#untilEnd(replica);
      if (reason === undefined) return;
      replica = await this.#startAgain(reason, Date.now() - readyAt);
    }
  }

  /** @returns why it ended by itself, or undefined when it was stopped on request. */
  async #untilEnd(replica: ObservedReplica): Promise<string | undefined> {
    const client = this.#client;
    const end = await Promise.race([
      this.#options.substrate.ended(replica.id),
      aborted(this.#stopping.signal),
      ...(client?.lost === undefined ? [] : [client.lost.then((reason) => ({ reason }))]),
    ]);
    this.#client = undefined;
    await client?.close();
    await this.#options.substrate.stop(replica.id, STOP_GRACE_MS);
    return end === undefined ? undefined : (end.reason ?? "it ended");
  }

  /** @returns the next replica, or undefined when there is to be none: given up, or stopped on request. */
  async #startAgain(firstReason: string, firstLivedMs: number): Promise<ObservedReplica | undefined> {
    let reason = firstReason;
    for (let livedMs = firstLivedMs; ; livedMs = 0) {
      const { failuresInARow, restartInMs } = afterFailure(this.#policy, { failuresInARow: this.#status.failuresInARow, livedMs });
      if (restartInMs === undefined) {
        this.#enter("failed", { reason, failuresInARow });
        return undefined;
      }
      this.#enter("starting", { reason, failuresInARow, restartInMs });
      await this.#pause(restartInMs);
      if (this.#stopping.signal.aborted) return undefined;
      this.#restarts++;
      try {
        return await this.#startReplica();
      } catch (error) {
        if (this.#stopping.signal.aborted) return undefined;
        reason = messageOf(error);
      }
    }
  }

  async #startReplica(): Promise<ObservedReplica> {
    const { model, engine, plan, substrate } = this.#options;
    this.#stopping.signal.throwIfAborted();
    const secret = randomBytes(24).toString("hex");
    const id = `replica-${process.pid}-${++this.#starts}-${randomBytes(3).toString("hex")}`;
    const replica = await substrate.start(plan, { id, model, secret });
    const client = engine.connect({
      address: replica.address,
      model,
      slots: plan.slots,
      contextLength: plan.contextLength,
      credentials: bearer(secret),
    });
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
    const { model, plan, substrate } = this.#options;
    const longestMs = startDeadlineMs(plan.weightsBytes);
    const deadline = AbortSignal.timeout(longestMs);
    let exit: ObservedReplica | undefined;
    void substrate.ended(replica.id).then((observed) => {
      exit = observed;
    });
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      if (deadline.aborted)
        throw new Error(`The engine for ${model} did not answer within ${Math.round(longestMs / 1_000)} s of its start.`);
      if (exit !== undefined) throw new Error(`The engine for ${model} ended while it started: ${exit.reason ?? "no reason known"}`);
      if (await answers(client)) return;
      await delay(PROBE_INTERVAL_MS);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #enter(state: ReplicaState, { reason, failuresInARow, restartInMs }: Change = {}): void {
    const since = Date.now();
    this.#status = {
      state,
      since,
      failuresInARow: failuresInARow ?? this.#status.failuresInARow,
      ...(reason === undefined ? {} : { reason }),
      ...(restartInMs === undefined ? {} : { restartAt: since + restartInMs }),
    };
    this.#options.onEvent({
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(restartInMs === undefined ? {} : { restartInMs }),
    });
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
