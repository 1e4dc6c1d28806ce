import { setTimeout as delay } from "node:timers/promises";
import { afterFailure, type RestartPolicy } from "../deployments/restart-policy.ts";
import { withTimeLimit } from "../engine/time-limit.ts";
import type { ToWorker, WorkerReport } from "./messages.ts";
import type { WorkerProcess } from "./worker-process.ts";

interface WorkerPoolOptions {
  readonly size: number;
  readonly fork: () => WorkerProcess;
  /** How long the requests of one that is replaced may go on. */
  readonly restartGraceMs: number;
  /** One takes connections from now on. */
  readonly onListening: (worker: WorkerProcess) => void;
  /** One has ended that should not have, and is replaced. */
  readonly onDeath: (pid: number | undefined, reason: string, restartInMs: number) => void;
  /** Hears of each end, however it came about, when nothing more is heard of the worker. */
  readonly onEnd: (worker: WorkerProcess) => void;
  readonly onRestart: (event: { readonly replaced: number } | { readonly error: unknown }) => void;
}

/** A worker that dies at once again and again is forked more and more seldom, but always once more: nobody else would do it. */
const POLICY: RestartPolicy = {
  firstDelayMs: 100,
  longestDelayMs: 10_000,
  recoveredAfterMs: 60_000,
  mostFailures: Number.POSITIVE_INFINITY,
};
/** The models of upstreams may have to be asked for. */
const START_MS = 60_000;

/** The workers of a platform: as many as there are to be, whatever happens to them, and replaced one after the other when that is asked for. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<WorkerProcess>();
  readonly #stopping = new AbortController();
  #address: { readonly host: string; readonly port: number } | undefined;
  #failures = 0;
  #restarting: Promise<void> | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.size;
  }

  /** Those that run, those that finish their last requests included. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#workers];
  }

  get reports(): readonly WorkerReport[] {
    return this.workers.flatMap(({ report }) => report ?? []);
  }

  /** Settles when all of them could answer. @throws when one cannot, or the signal's reason. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: this.size }, () => this.#fork(signal)));
  }

  /** Lets them take connections, and looks after them from now on. @throws when they cannot. */
  async listen(address: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void> {
    this.#address = address;
    const workers = this.workers;
    for (const worker of workers) worker.send({ type: "listen", ...address });
    await Promise.all(workers.map((worker) => worker.until("listening", withDeadline(signal))));
    for (const worker of workers) void this.#look(worker);
  }

  broadcast(message: ToWorker): void {
    for (const worker of this.#workers) worker.send(message);
  }

  async ask(what: "refresh" | "metrics"): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.ask(what)));
  }

  /** Replaces each worker by a new one that can answer before it. Does nothing where that is under way. */
  restart(): void {
    this.#restarting ??= this.#replaceAll()
      .then(
        (replaced) => this.#options.onRestart({ replaced }),
        (error: unknown) => {
          if (!this.#stopping.signal.aborted) this.#options.onRestart({ error });
        },
      )
      .finally(() => {
        this.#restarting = undefined;
      });
  }

  /** Settles when none is left. @param shutdown aborts when their requests are no longer waited for. */
  async stop(shutdown: AbortSignal): Promise<void> {
    this.#stopping.abort(new Error("The platform stops."));
    const cut = () => {
      for (const worker of this.#workers) worker.cut();
    };
    for (const worker of this.#workers) {
      // What has not begun has nothing to end.
      if (worker.phase === "starting") worker.kill();
      else worker.stop(false);
    }
    if (shutdown.aborted) cut();
    else shutdown.addEventListener("abort", cut, { once: true });
    await Promise.all(this.workers.map((worker) => worker.untilEnded()));
    shutdown.removeEventListener("abort", cut);
    await this.#restarting;
  }

  async #fork(signal: AbortSignal): Promise<WorkerProcess> {
    signal.throwIfAborted();
    const worker = this.#options.fork();
    this.#workers.add(worker);
    void worker.untilEnded().then(() => {
      this.#workers.delete(worker);
      this.#options.onEnd(worker);
    });
    try {
      await worker.until("ready", withDeadline(signal));
      return worker;
    } catch (error) {
      worker.kill();
      throw error;
    }
  }

  async #forkListening(signal: AbortSignal): Promise<void> {
    const worker = await this.#fork(signal);
    if (this.#address === undefined) throw new Error("There is no address to listen on yet.");
    worker.send({ type: "listen", ...this.#address });
    try {
      await worker.until("listening", withDeadline(signal));
    } catch (error) {
      worker.kill();
      throw error;
    }
    void this.#look(worker);
  }

  async #replaceAll(): Promise<number> {
    const old = this.workers.filter(({ phase }) => phase === "listening");
    for (const worker of old) {
      await this.#forkListening(this.#stopping.signal);
      worker.stop(true);
      const timer = setTimeout(() => worker.cut(), this.#options.restartGraceMs);
      void worker.untilEnded().then(() => clearTimeout(timer));
    }
    return old.length;
  }

  /** Replaces it when it dies. */
  async #look(worker: WorkerProcess): Promise<void> {
    this.#options.onListening(worker);
    let reason = await worker.untilEnded();
    if (worker.wasStopped || this.#stopping.signal.aborted) return;
    let livedMs = worker.ageMs;
    for (let isReplaced = false; !isReplaced && !this.#stopping.signal.aborted; ) {
      const { failuresInARow, restartInMs = POLICY.longestDelayMs } = afterFailure(POLICY, { failuresInARow: this.#failures, livedMs });
      this.#failures = failuresInARow;
      this.#options.onDeath(worker.pid, reason, restartInMs);
      await delay(restartInMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      try {
        await this.#forkListening(this.#stopping.signal);
        isReplaced = true;
      } catch (error) {
        livedMs = 0;
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }
}

function withDeadline(signal: AbortSignal): AbortSignal {
  return withTimeLimit(signal, START_MS);
}
