import { EngineError } from "../engine/engine-error.ts";
import type { EventIterator } from "../engine/event-iterator.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { AttemptFacts } from "../metering/attempt.ts";
import type { AttemptTimeouts, Deployment, ModelLease } from "../routing/deployment.ts";
import type { Place } from "../routing/deployment-health.ts";
import { AttemptDeadlines, type PassedDeadline } from "./attempt-deadlines.ts";
import type { AttemptRecorder, Origin } from "./attempt-recorder.ts";
import { type PromptParam, toClientError } from "./engine-failure.ts";

interface AttemptOptions {
  /** Id of the model, or name of the route. */
  readonly model: string;
  readonly deployment: Deployment;
  readonly request: GenerateRequest;
  readonly promptParam: PromptParam;
  readonly origin: Origin;
  /** Within the request, from 1. */
  readonly number: number;
  readonly cause: AttemptFacts["cause"];
  readonly queuedMs: number;
  readonly timeouts: AttemptTimeouts;
  /** The request's own. */
  readonly signal: AbortSignal;
  readonly recorder: AttemptRecorder;
  /** Hears how it goes. */
  readonly place: Place;
  readonly onContent?: (() => void) | undefined;
  /** Called once, at its end: its place is free. */
  readonly onEnd: () => void;
}

/** What comes before the content is little; a replica that sends more of it has its way. */
const MOST_HELD_BACK = 1_000;
/** Events of an answer that can still be made anew; a few megabytes. */
const MOST_HELD_WHOLE = 10_000;

const LATE: Readonly<Record<PassedDeadline, string>> = {
  "first-token": "The engine did not begin its answer in time.",
  silence: "The engine fell silent in the middle of its answer.",
  total: "The engine did not end its answer in time.",
};

/**
 * One request at one deployment, from the lease to its end. An iterator rather than a generator, because every token passes through it; what
 * it throws after `begin` is for the client.
 */
export class Attempt implements EventIterator {
  readonly #options: AttemptOptions;
  readonly #abort = new AbortController();
  #events: EventIterator | undefined;
  #lease: ModelLease | undefined;
  #deadlines: AttemptDeadlines | undefined;
  #hasEnded = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  get deployment(): Deployment {
    return this.#options.deployment;
  }

  /**
   * Waits for the first content. @returns what has come until then, the content included.
   * @throws what the engine or the lease said, or the signal's reason; nothing has been shown to the client then.
   */
  async begin(): Promise<readonly GenerateEvent[]> {
    const { deployment, signal, timeouts, place, onContent } = this.#options;
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", this.#followRequest, { once: true });
      this.#lease = await deployment.acquire(this.#abort.signal);
      place.dispatched(Date.now());
      this.#deadlines = new AttemptDeadlines(timeouts, this.#stopLate);
      this.#events = this.#dispatch(this.#lease)[Symbol.asyncIterator]();
      const seen = await this.#readUntilContent(this.#events);
      this.#deadlines.contentCame();
      place.answered(Date.now());
      onContent?.();
      return seen;
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Goes on to the end, after `begin`. @returns `seen` and what follows. @throws as `begin`. */
  async readOn(seen: readonly GenerateEvent[]): Promise<readonly GenerateEvent[]> {
    const events = this.#events;
    const all = [...seen];
    try {
      // What is longer than that is not held: it goes to the client from here on.
      while (events !== undefined && all.length < MOST_HELD_WHOLE) {
        this.#deadlines?.wait(true);
        const { done, value } = this.#pass(await events.next());
        if (done === true) break;
        for (let event: GenerateEvent | undefined = value; event !== undefined; event = events.ready?.()) all.push(event);
      }
      return all;
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const events = this.#events;
    if (events === undefined || this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    this.#deadlines?.wait(true);
    return events.next().then(this.#pass, this.#failForClient);
  }

  ready(): GenerateEvent | undefined {
    return this.#hasEnded ? undefined : this.#events?.ready?.();
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    try {
      await this.#events?.return?.();
    } finally {
      this.#end();
    }
    return { done: true, value: undefined };
  }

  /** Stops it from outside: what waits for it is thrown the reason. */
  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  #dispatch({ client }: ModelLease): AsyncIterable<GenerateEvent> {
    const { model, deployment, request, origin, number, cause, queuedMs, recorder } = this.#options;
    const { generate } = client;
    if (generate === undefined) throw new EngineError("unsupported", `${model} does not generate text.`, { param: "model" });
    const { signal } = this.#abort;
    return recorder.record({
      ...{ model, deployment, origin, cause, queuedMs, signal },
      attempt: number,
      dispatch: (trace) => generate.call(client, { ...request, trace }, signal),
    });
  }

  async #readUntilContent(events: EventIterator): Promise<readonly GenerateEvent[]> {
    const seen: GenerateEvent[] = [];
    for (;;) {
      const next = await events.next();
      if (next.done === true) throw new EngineError("bad-response", "The engine's answer ended before its end.");
      for (let event: GenerateEvent | undefined = next.value; event !== undefined; event = events.ready?.()) {
        seen.push(event);
        if (isContent(event) || seen.length >= MOST_HELD_BACK) return seen;
      }
    }
  }

  readonly #stopLate = (passed: PassedDeadline): void => {
    this.#abort.abort(new EngineError("timeout", LATE[passed]));
  };

  readonly #followRequest = (): void => {
    this.#abort.abort(this.#options.signal.reason);
  };

  readonly #pass = (result: IteratorResult<GenerateEvent>): IteratorResult<GenerateEvent, undefined> => {
    if (result.done !== true) {
      this.#deadlines?.wait(false);
      return result;
    }
    this.#end();
    return { done: true, value: undefined };
  };

  readonly #failForClient = (error: unknown): never => {
    this.#fail(error);
    throw toClientError(error, this.#options.model, this.#options.promptParam);
  };

  #fail(error: unknown): void {
    const { aborted, reason } = this.#abort.signal;
    // A timeout stops it by the same signal, and is the deployment's failure.
    if (!aborted || reason instanceof EngineError) this.#options.place.failed(error, Date.now());
    this.#end();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#deadlines?.stop();
    this.#options.signal.removeEventListener("abort", this.#followRequest);
    this.#lease?.release();
    this.#options.onEnd();
  }
}

/** Whether an event shows the client something; before it, another deployment can still take over. */
function isContent(event: GenerateEvent): boolean {
  switch (event.type) {
    case "start":
      return false;
    case "text-delta":
    case "reasoning-delta":
      return event.text !== "";
    default:
      return true;
  }
}
