import { z } from "zod";
import { EngineError } from "../engine/engine-error.ts";
import type { FinishReason, GenerateEvent, TokenUsage } from "../engine/generation.ts";
import { readErrorInStream } from "./openai-errors/calling.ts";

interface ChoiceDelta {
  readonly choice: number;
  readonly text: string;
  readonly reasoning: string;
  /** Empty until the last delta of the choice. */
  readonly finishReason: string;
}

/** What is particular to one format: how a parsed chunk is read. */
export type ChunkReader = (json: unknown) => { readonly envelope: z.infer<typeof chunkEnvelope>; readonly deltas: readonly ChoiceDelta[] };

/** Spellings seen on the wire. What says that the answer broke off is a failure, never a finish. */
const FINISH_REASONS: Readonly<Record<string, FinishReason | "failure">> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
  sensitive: "content_filter",
  abort: "failure",
  error: "failure",
  network_error: "failure",
};

/** What chunks of all formats have beside their choices. */
export const chunkEnvelope = z.object({
  id: z.string().nullish(),
  usage: z
    .object({
      prompt_tokens: z.int().nullish(),
      completion_tokens: z.int().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
      cached_tokens: z.int().nullish(),
    })
    .nullish(),
});

/**
 * Decodes a stream of OpenAI-like chunks, handed over as they arrive together. Usage may come on any chunk, cumulative or not: the last one
 * counts. `[DONE]` may be missing, a finish reason for every choice may not.
 */
export function readGenerationStream(
  data: AsyncIterable<readonly string[]>,
  choices: number,
  readChunk: ChunkReader,
): AsyncIterable<GenerateEvent> {
  return { [Symbol.asyncIterator]: () => new GenerationReader(data[Symbol.asyncIterator](), new GenerationDecoder(choices, readChunk)) };
}

/** An iterator rather than a generator, because every token passes through it: what has been decoded is handed out without another wait. */
class GenerationReader implements AsyncIterator<GenerateEvent, undefined> {
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
  readonly #choices: number;
  readonly #readChunk: ChunkReader;
  readonly #ended = new Set<number>();
  #started = false;
  #usage: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

  constructor(choices: number, readChunk: ChunkReader) {
    this.#choices = choices;
    this.#readChunk = readChunk;
  }

  /** Adds what one chunk means. @returns whether it was the last. @throws EngineError */
  read(text: string, events: GenerateEvent[]): boolean {
    if (text === "[DONE]") return this.end(events);
    // Some servers keep the line alive with empty data.
    if (text === "") return false;
    const json = parseJson(text);
    const failure = readErrorInStream(json);
    if (failure !== undefined) throw failure;
    const { envelope, deltas } = readChecked(() => this.#readChunk(json), text);
    if (!this.#started) {
      this.#started = true;
      events.push({ type: "start", upstreamId: envelope.id ?? undefined });
    }
    if (envelope.usage) this.#usage = readUsage(envelope.usage);
    for (const delta of deltas) this.#readDelta(delta, events);
    return false;
  }

  end(events: GenerateEvent[]): true {
    if (this.#ended.size < this.#choices) {
      throw new EngineError(
        "interrupted",
        `The engine ended its stream after ${this.#ended.size} of ${this.#choices} choices were finished.`,
      );
    }
    events.push({ type: "end", usage: this.#usage });
    return true;
  }

  #readDelta({ choice, text, reasoning, finishReason }: ChoiceDelta, events: GenerateEvent[]): void {
    if (this.#ended.has(choice)) return;
    if (reasoning !== "") events.push({ type: "reasoning-delta", choice, text: reasoning });
    if (text !== "") events.push({ type: "text-delta", choice, text });
    if (finishReason === "") return;
    const reason = FINISH_REASONS[finishReason] ?? "stop";
    if (reason === "failure") throw new EngineError("interrupted", `The engine ended the answer with "${finishReason}".`);
    this.#ended.add(choice);
    events.push({ type: "choice-end", choice, reason });
  }
}

function readUsage(usage: NonNullable<z.infer<typeof chunkEnvelope>["usage"]>): TokenUsage {
  return {
    promptTokens: usage.prompt_tokens ?? undefined,
    completionTokens: usage.completion_tokens ?? undefined,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.cached_tokens ?? undefined,
  };
}

function parseJson(text: string): unknown {
  return readChecked(() => JSON.parse(text), text);
}

function readChecked<Value>(read: () => Value, text: string): Value {
  try {
    return read();
  } catch (cause) {
    throw new EngineError("bad-response", "The engine sent a chunk that cannot be read.", { upstreamBody: text.slice(0, 500), cause });
  }
}
