import type { GenerateEvent } from "../engine/generation.ts";
import type { Admission } from "./admission.ts";
import { toClientError } from "./engine-failure.ts";
import type { ModelLease, ServedModel } from "./served-model.ts";

interface Asked {
  readonly model: ServedModel;
  readonly promptParam: "messages" | "prompt";
}

/**
 * A generation that holds a place in its model's queue and a lease of the model from its first event to its end, however that comes. An
 * iterator rather than a generator, because every token passes through it.
 */
export class AdmittedGeneration implements AsyncIterator<GenerateEvent, undefined> {
  readonly #asked: Asked;
  readonly #admission: Admission;
  readonly #dispatch: (lease: ModelLease) => AsyncIterable<GenerateEvent>;
  readonly #signal: AbortSignal;
  #events: AsyncIterator<GenerateEvent> | undefined;
  #leave: (() => void) | undefined;
  #lease: ModelLease | undefined;

  constructor(asked: Asked, admission: Admission, dispatch: (lease: ModelLease) => AsyncIterable<GenerateEvent>, signal: AbortSignal) {
    this.#asked = asked;
    this.#admission = admission;
    this.#dispatch = dispatch;
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
    const { model } = this.#asked;
    this.#leave = this.#admission.enter(model.id);
    this.#lease = await model.acquire(this.#signal);
    this.#events = this.#dispatch(this.#lease)[Symbol.asyncIterator]();
    return this.#events.next();
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
