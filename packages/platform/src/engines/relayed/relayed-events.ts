import type { ReplicaEvents } from "../../egress/replica-events.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import { decodeFailure } from "./relay-failure.ts";
import { decodeEvent } from "./relay-wire.ts";

const OVER: IteratorResult<GenerateEvent, undefined> = { done: true, value: undefined };

/** The events of a relayed generation. An iterator and no generator, since every token passes through it. */
export class RelayedEvents implements AsyncIterableIterator<GenerateEvent, undefined> {
  readonly #batches: ReplicaEvents;
  #batch: readonly string[] = [];
  #at = 0;
  #isOver = false;

  constructor(batches: ReplicaEvents) {
    this.#batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws what was thrown on the other side, EngineError where the connection broke off, or the signal's reason. */
  async next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    if (this.#isOver) return OVER;
    while (this.#at >= this.#batch.length) {
      const { done, value } = await this.#batches.next();
      if (done === true) {
        this.#isOver = true;
        throw new EngineError("interrupted", "The engine's answer ended before its end.");
      }
      this.#batch = value;
      this.#at = 0;
    }
    const event = this.#read(this.#batch[this.#at++] ?? "");
    if (event instanceof Error) {
      await this.return();
      throw event;
    }
    if (event.type === "end") await this.return();
    return { done: false, value: event };
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      await this.#batches.return();
    }
    return OVER;
  }

  #read(text: string): GenerateEvent | Error {
    const event = decodeEvent(text);
    if (event !== undefined) return event;
    return decodeFailure(JSON.parse(text)) ?? new EngineError("bad-response", "An event of the engine cannot be read.");
  }
}
