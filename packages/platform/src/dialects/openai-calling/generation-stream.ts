import { EngineError } from "../../engine/engine-error.ts";
import type { EventIterator } from "../../engine/event-iterator.ts";
import type { GenerateEvent, TokenUsage } from "../../engine/generation.ts";
import { readErrorInStream } from "../openai-errors/calling.ts";
import { type AskedFor, ChoiceDecoder } from "./choice-decoder.ts";
import type { ChoiceDelta, Chunk, ChunkReader } from "./chunk-reader.ts";
import { ChunkTemplate } from "./chunk-template.ts";

/** What the caller knows of the answer before it comes. */
export interface AnswerReading {
  /** Without it, whatever the server tells is passed on. */
  readonly asked?: AskedFor;
  /** Fields of the request that were not sent, in OpenAI's spelling. */
  readonly ignored?: readonly string[];
}

interface StreamFormat {
  readonly readChunk: ChunkReader;
  /** Thoughts may stand in the text, between tags. */
  readonly splitsThoughts: boolean;
}

/**
 * Decodes a stream of OpenAI-like chunks, handed over as they arrive together. Usage may come on any chunk, cumulative or not: the last one
 * counts. `[DONE]` may be missing, a finish reason for every choice may not.
 */
export function readGenerationStream(
  data: AsyncIterable<readonly string[]>,
  choices: number,
  format: StreamFormat,
  reading: AnswerReading = {},
): AsyncIterable<GenerateEvent> {
  return {
    [Symbol.asyncIterator]: () => new GenerationReader(data[Symbol.asyncIterator](), new GenerationDecoder(choices, format, reading)),
  };
}

/** An iterator rather than a generator, because every token passes through it: what has been decoded is handed out without another wait. */
class GenerationReader implements EventIterator {
  readonly #data: AsyncIterator<readonly string[]>;
  readonly #decoder: GenerationDecoder;
  #events: readonly GenerateEvent[] = [];
  #next = 0;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor(data: AsyncIterator<readonly string[]>, decoder: GenerationDecoder) {
    this.#data = data;
    this.#decoder = decoder;
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const event = this.#events[this.#next];
    if (event === undefined) return this.#readOn();
    this.#next++;
    return Promise.resolve({ done: false, value: event });
  }

  ready(): GenerateEvent | undefined {
    const event = this.#events[this.#next];
    if (event !== undefined) this.#next++;
    return event;
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    await this.#close();
    return { done: true, value: undefined };
  }

  async #readOn(): Promise<IteratorResult<GenerateEvent, undefined>> {
    for (;;) {
      const event = this.#events[this.#next];
      if (event !== undefined) {
        this.#next++;
        return { done: false, value: event };
      }
      if (this.#failure !== undefined) {
        const { error } = this.#failure;
        this.#failure = undefined;
        await this.#close();
        throw error;
      }
      if (this.#isOver) return { done: true, value: undefined };
      const result = await this.#data.next();
      this.#decode(result.done === true ? undefined : result.value);
      if (this.#isOver) await this.#close();
    }
  }

  /** What came before a failure is handed out before it. @param batch undefined at the end of the data. */
  #decode(batch: readonly string[] | undefined): void {
    const events: GenerateEvent[] = [];
    try {
      for (const text of batch ?? []) if (!this.#isOver) this.#isOver = this.#decoder.read(text, events);
      if (batch === undefined && !this.#isOver) this.#isOver = this.#decoder.end(events);
    } catch (error) {
      this.#failure = { error };
    }
    this.#events = events;
    this.#next = 0;
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    await this.#data.return?.();
  }
}

/** The state of one stream between its chunks. */
class GenerationDecoder {
  readonly #choices: readonly ChoiceDecoder[];
  readonly #readChunk: ChunkReader;
  readonly #template: ChunkTemplate;
  readonly #ignored: readonly string[] | undefined;
  #started = false;
  #usage: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

  constructor(choices: number, { readChunk, splitsThoughts }: StreamFormat, { asked, ignored }: AnswerReading) {
    this.#choices = Array.from({ length: choices }, (_, choice) => new ChoiceDecoder({ choice, splitsThoughts, asked }));
    this.#readChunk = readChunk;
    this.#template = new ChunkTemplate((data) => this.#parse(data));
    this.#ignored = ignored;
  }

  /** Adds what one chunk means. @returns whether it was the last. @throws EngineError */
  read(text: string, events: GenerateEvent[]): boolean {
    if (text === "[DONE]") return this.end(events);
    // Some servers keep the line alive with empty data.
    if (text === "") return false;
    const familiar = this.#template.read(text);
    if (familiar !== undefined) {
      this.#readDelta(familiar, events);
      return false;
    }
    const chunk = this.#parseUnlessComplete(text);
    if (chunk === undefined) return false;
    const { upstreamId, usage, deltas } = chunk;
    if (!this.#started) {
      this.#started = true;
      const ignored = this.#ignored;
      const isAllHeeded = ignored === undefined || ignored.length === 0;
      events.push({ type: "start", upstreamId, ...(isAllHeeded ? {} : { ignored }) });
    }
    if (usage !== undefined) this.#usage = usage;
    for (const delta of deltas) this.#readDelta(delta, events);
    this.#template.learn(text, chunk);
    return false;
  }

  #readDelta(delta: ChoiceDelta, events: GenerateEvent[]): void {
    const choice = this.#choices[delta.choice];
    if (choice === undefined) throw new EngineError("bad-response", `The engine sent choice ${delta.choice}, which was not asked for.`);
    if (!choice.hasEnded) choice.read(delta, events);
  }

  /** @returns undefined for what cannot be read behind a complete answer: only usage is lost, which is estimated then. */
  #parseUnlessComplete(data: string): Chunk | undefined {
    try {
      return this.#parse(data);
    } catch (error) {
      const isUnreadable = error instanceof EngineError && error.kind === "bad-response";
      if (isUnreadable && this.#choices.every((choice) => choice.hasEnded)) return undefined;
      throw error;
    }
  }

  /** @throws EngineError, also the one that the chunk tells of. */
  #parse(data: string): Chunk {
    try {
      const json: unknown = JSON.parse(data);
      const failure = readErrorInStream(json);
      if (failure !== undefined) throw failure;
      return this.#readChunk(json);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw new EngineError("bad-response", "The engine sent a chunk that cannot be read.", { upstreamBody: data.slice(0, 500), cause });
    }
  }

  end(events: GenerateEvent[]): true {
    const ended = this.#choices.filter((choice) => choice.hasEnded).length;
    if (ended < this.#choices.length) {
      throw new EngineError("interrupted", `The engine ended its stream after ${ended} of ${this.#choices.length} choices were finished.`);
    }
    events.push({ type: "end", usage: this.#usage });
    return true;
  }
}
