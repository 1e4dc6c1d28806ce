import { EventDataParser } from "./event-data-parser.ts";
import type { ByteSource } from "./exchange.ts";

/** What came back where events were asked for: a stream of them, or a text that stands for the only one. */
export type EventAnswer = EventStream | { readonly kind: "text"; readonly text: string };

interface EventStream {
  readonly kind: "events";
  readonly source: ByteSource;
  /** Nobody reads on. @param isWhole the last event was seen: only the end of the body is missing */
  readonly leave: (isWhole: boolean) => Promise<void> | undefined;
}

interface ReplicaEventsOptions {
  /** Sends the request. */
  readonly open: () => Promise<EventAnswer>;
  readonly maxEventBytes: number;
  readonly isLast: (data: string) => boolean;
  readonly toFailure: (error: unknown) => unknown;
}

type Batch = IteratorResult<readonly string[], undefined>;

const OVER: Batch = { done: true, value: undefined };

/**
 * The `data` of server-sent events, as many at a time as arrived together: a turn of the loop for each would cost more than what is done
 * with it. An iterator and no generator, since every token passes through it.
 */
export class ReplicaEvents implements AsyncIterableIterator<readonly string[], undefined> {
  readonly #options: ReplicaEventsOptions;
  readonly #parser: EventDataParser;
  #stream: EventStream | undefined;
  #isWhole = false;
  #isOver = false;

  constructor(options: ReplicaEventsOptions) {
    this.#options = options;
    this.#parser = new EventDataParser(options.maxEventBytes);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws EngineError, or the signal's reason */
  async next(): Promise<Batch> {
    if (this.#isOver) return OVER;
    try {
      if (this.#stream !== undefined) return await this.#read(this.#stream);
      const answer = await this.#options.open();
      if (answer.kind === "text") {
        this.#isOver = true;
        return { done: false, value: [answer.text] };
      }
      this.#stream = answer;
      return await this.#read(answer);
    } catch (error) {
      this.#isOver = true;
      void this.#stream?.leave(false);
      throw this.#options.toFailure(error);
    }
  }

  async return(): Promise<Batch> {
    if (!this.#isOver) {
      this.#isOver = true;
      await this.#stream?.leave(this.#isWhole);
    }
    return OVER;
  }

  async #read(stream: EventStream): Promise<Batch> {
    // Whoever asked may have left while the answer began.
    while (!this.#isOver) {
      const chunks = await stream.source.next();
      if (chunks === undefined) break;
      const events: string[] = [];
      for (const chunk of chunks) this.#parser.push(chunk, events);
      if (events.length === 0) continue;
      this.#isWhole ||= events.some(this.#options.isLast);
      return { done: false, value: events };
    }
    if (this.#isOver) await stream.leave(false);
    this.#isOver = true;
    return OVER;
  }
}
