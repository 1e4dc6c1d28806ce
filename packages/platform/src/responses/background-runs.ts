import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "@bonfire/protocol/errors";
import type { ResponseObject } from "@bonfire/protocol/responses";
import { OutputFold } from "../dialects/openai-responses/output-fold.ts";
import { endResponse, failResponse } from "../dialects/openai-responses/response-states.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import { retryDelayMs } from "../storage/retry-delay.ts";
import { asFailure } from "./as-failure.ts";
import type { BackgroundStore } from "./background-store.ts";
import type { NewResponse } from "./response-store.ts";
import { RunLog } from "./run-log.ts";

interface BackgroundJob extends NewResponse {
  /** Called once, at once; the engine begins with the first event that is asked for. */
  readonly generate: (signal: AbortSignal) => AsyncIterable<GenerateEvent>;
}

interface BackgroundRunsOptions {
  readonly store: BackgroundStore;
  /** Tells this gateway from all others, those before it included. */
  readonly runnerId: string;
  /** Hears why a response failed, and what could not be written. */
  readonly onFailure: (error: Error, responseId: string | undefined) => void;
  /** Aborts when the platform no longer waits for what runs. */
  readonly shutdown: AbortSignal;
  readonly times?: Partial<typeof TIMES>;
}

const TIMES = {
  /** How often a gateway says that it is alive. */
  aliveMs: 5_000,
  /** A gateway that was silent for so long is gone: six times, since a database that was away is no reason to fail. */
  silentMs: 30_000,
};

interface Run {
  readonly abort: AbortController;
  readonly log: RunLog;
  readonly ended: Promise<void>;
}

/**
 * Responses that are generated whether or not their client waits. Each has its own abort controller; what has become of it stands in the
 * database, where also another gateway may end it: this one hears of that within seconds and stops its engine.
 */
export class BackgroundRuns {
  readonly #options: BackgroundRunsOptions;
  readonly #times: typeof TIMES;
  readonly #runs = new Map<string, Run>();
  #timer: NodeJS.Timeout | undefined;
  #check: Promise<void> | undefined;
  #checkFailed = false;

  constructor(options: BackgroundRunsOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    const { shutdown } = options;
    shutdown.addEventListener("abort", () => {
      for (const { abort } of this.#runs.values()) abort.abort(shutdown.reason);
    });
  }

  /** Begins to look after the database: what dead gateways left behind fails. */
  start(): void {
    this.#checkOnce();
    this.#timer = setInterval(() => this.#checkOnce(), this.#times.aliveMs);
    this.#timer.unref();
  }

  /** Stores the response and goes on without the caller. @throws ApiError where it cannot be stored or may not be generated. */
  async add(job: BackgroundJob): Promise<void> {
    const { store, runnerId, shutdown } = this.#options;
    const abort = new AbortController();
    const events = job.generate(abort.signal);
    await store.add(job, runnerId);
    if (shutdown.aborted) abort.abort(shutdown.reason);
    const log = new RunLog();
    const ended = this.#run(job, events, log).finally(() => {
      this.#runs.delete(job.response.id);
      log.end();
    });
    this.#runs.set(job.response.id, { abort, log, ended });
  }

  /** The events of one that runs here, from its first; undefined where it does not. They end when it has ended in the database, too. */
  follow(id: string, signal: AbortSignal): AsyncIterable<GenerateEvent> | undefined {
    return this.#runs.get(id)?.log.read(signal);
  }

  /** Stops the engine of one that runs here; its row was ended or deleted before. Resolves when nothing is generated any more. */
  async abort(id: string): Promise<void> {
    const run = this.#runs.get(id);
    run?.abort.abort(new ApiError("invalid_value", "The response was cancelled."));
    await run?.ended;
  }

  /** Waits for those that run; they are cut when `shutdown` aborts. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
    clearInterval(this.#timer);
    await this.#check;
  }

  async #run(job: BackgroundJob, events: AsyncIterable<GenerateEvent>, log: RunLog): Promise<void> {
    const { store, onFailure } = this.#options;
    const { id } = job.response;
    const fold = new OutputFold(id);
    let begun: Promise<void> | undefined;
    let response: ResponseObject;
    try {
      for await (const event of events) {
        begun ??= store.markBegun(id).catch((error: unknown) => onFailure(asFailure(error), id));
        fold.add(event);
        log.add(event);
      }
      response = endResponse(job.response, fold.outcome, Math.floor(Date.now() / 1_000));
    } catch (error) {
      const failure = asFailure(error);
      if (failure.status >= 500) onFailure(failure, id);
      response = failResponse(job.response, fold.outcome, failure);
    }
    await begun;
    await this.#end({ ...job, response }, log.events);
  }

  /** Tries for as long as the platform runs: the work is done, and is not to be lost because the database is away. Never rejects. */
  async #end(ended: NewResponse, events: readonly GenerateEvent[]): Promise<void> {
    const { store, shutdown, onFailure } = this.#options;
    const { id } = ended.response;
    for (let failures = 0; ; ) {
      try {
        await store.end(ended, events);
        return;
      } catch (error) {
        const failure = asFailure(error);
        failures++;
        if (failures === 1) onFailure(failure, id);
        // Its conversation is gone: that will not change.
        if (failure.status < 500) return this.#end({ ...ended, response: failResponse(ended.response, ended.response, failure) }, events);
        if (shutdown.aborted) return;
        await delay(retryDelayMs(failures), undefined, { signal: shutdown }).catch(() => undefined);
      }
    }
  }

  #checkOnce(): void {
    this.#check ??= this.#checkDatabase().then(
      () => {
        this.#checkFailed = false;
        this.#check = undefined;
      },
      (error: unknown) => {
        // Once, until it works again.
        if (!this.#checkFailed) this.#options.onFailure(asFailure(error), undefined);
        this.#checkFailed = true;
        this.#check = undefined;
      },
    );
  }

  async #checkDatabase(): Promise<void> {
    const { store, runnerId } = this.#options;
    const here = [...this.#runs.keys()];
    const running = await store.keepAlive(runnerId);
    for (const id of here) if (!running.has(id)) void this.abort(id);
    await store.failAbandoned(runnerId, this.#times.silentMs);
  }
}
