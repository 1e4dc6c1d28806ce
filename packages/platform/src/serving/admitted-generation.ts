import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { Admission } from "./admission.ts";
import { type PromptParam, toClientError } from "./engine-failure.ts";
import type { ModelLease, ServedModel } from "./served-model.ts";

interface Asked {
  readonly model: ServedModel;
  readonly promptParam: PromptParam;
  readonly onStart?: (start: Extract<GenerateEvent, { type: "start" }>) => void;
}

interface Steps {
  /** What has to be done before a replica is asked for. */
  readonly prepare: () => Promise<readonly GenerateRequest[]>;
  readonly dispatch: (lease: ModelLease, requests: readonly GenerateRequest[]) => AsyncIterable<GenerateEvent>;
}

/**
 * A generation that holds a place in its model's queue and a lease of the model from its first event to its end, however that comes. An
 * iterator rather than a generator, because every token passes through it.
 */
export class AdmittedGeneration implements AsyncIterator<GenerateEvent, undefined> {
  readonly #asked: Asked;
  readonly #admission: Admission;
  readonly #steps: Steps;
  readonly #signal: AbortSignal;
  #events: AsyncIterator<GenerateEvent> | undefined;
  #leave: (() => void) | undefined;
  #lease: ModelLease | undefined;

  constructor(asked: Asked, admission: Admission, steps: Steps, signal: AbortSignal) {
    this.#asked = asked;
    this.#admission = admission;
    this.#steps = steps;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const events = this.#events;
    return (events === undefined ? this.#begin() : events.next()).then(this.#pass, this.#fail);
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    try {
      await this.#events?.return?.();
    } finally {
      this.#end();
    }
    return { done: true, value: undefined };
  }

  async #begin(): Promise<IteratorResult<GenerateEvent>> {
    const { model, onStart } = this.#asked;
    this.#leave = this.#admission.enter(model.id);
    const requests = await this.#steps.prepare();
    this.#lease = await model.acquire(this.#signal);
    this.#events = this.#steps.dispatch(this.#lease, requests)[Symbol.asyncIterator]();
    const first = await this.#events.next();
    if (first.done !== true && first.value.type === "start") onStart?.(first.value);
    return first;
  }

  readonly #pass = (result: IteratorResult<GenerateEvent>): IteratorResult<GenerateEvent, undefined> => {
    if (result.done !== true) return result;
    this.#end();
    return { done: true, value: undefined };
  };

  readonly #fail = (error: unknown): never => {
    this.#end();
    throw toClientError(error, this.#asked.model.id, this.#asked.promptParam);
  };

  #end(): void {
    this.#lease?.release();
    this.#leave?.();
  }
}
