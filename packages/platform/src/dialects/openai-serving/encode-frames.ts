import { DONE_FRAME, type SseFrame, type SseFrameIterator } from "@bonfire/protocol/sse";
import type { EventIterator } from "../../engine/event-iterator.ts";
import type { GenerateEvent } from "../../engine/generation.ts";

/** Writes the events of one answer as frames; it keeps what it must remember between them. */
export interface FrameEncoder {
  /** Adds the frames of one event; none is as good as several. */
  encode(event: GenerateEvent, frames: SseFrame[]): void;
}

/** The frames of a streamed answer, `[DONE]` included. */
export function encodeFrames(events: AsyncIterable<GenerateEvent>, encoder: FrameEncoder): AsyncIterable<SseFrame> {
  return { [Symbol.asyncIterator]: () => new FrameIterator(events[Symbol.asyncIterator](), encoder) };
}

/** An iterator rather than a generator, because every token passes through it. */
class FrameIterator implements SseFrameIterator {
  readonly #events: EventIterator;
  readonly #encoder: FrameEncoder;
  #frames: SseFrame[] = [];
  #next = 0;
  #isOver = false;

  constructor(events: EventIterator, encoder: FrameEncoder) {
    this.#events = events;
    this.#encoder = encoder;
  }

  next(): Promise<IteratorResult<SseFrame, undefined>> {
    const frame = this.#frames[this.#next];
    if (frame === undefined) return this.#readOn();
    this.#next++;
    return Promise.resolve({ done: false, value: frame });
  }

  ready(): SseFrame | undefined {
    for (;;) {
      const frame = this.#frames[this.#next];
      if (frame !== undefined) {
        this.#next++;
        return frame;
      }
      const event = this.#isOver ? undefined : this.#events.ready?.();
      if (event === undefined) return undefined;
      this.#frames.length = 0;
      this.#next = 0;
      this.#encoder.encode(event, this.#frames);
    }
  }

  async return(): Promise<IteratorResult<SseFrame, undefined>> {
    this.#isOver = true;
    this.#frames = [];
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  async #readOn(): Promise<IteratorResult<SseFrame, undefined>> {
    const frames: SseFrame[] = [];
    while (frames.length === 0) {
      if (this.#isOver) return { done: true, value: undefined };
      const result = await this.#events.next();
      if (result.done === true) {
        this.#isOver = true;
        frames.push(DONE_FRAME);
      } else this.#encoder.encode(result.value, frames);
    }
    this.#frames = frames;
    this.#next = 1;
    const [first = DONE_FRAME] = frames;
    return { done: false, value: first };
  }
}
