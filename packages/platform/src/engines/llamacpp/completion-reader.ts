import { z } from "zod";
import { readErrorInStream } from "../../dialects/openai-errors/calling.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, TokenUsage } from "../../engine/generation.ts";
import { probabilities, readLogprob } from "./completion-logprobs.ts";
import { type Thinking, ThinkSplitter } from "./think-splitter.ts";

interface ReadOptions {
  readonly thinking: Thinking;
  /** Of each token of the answer's text, with so many alternatives. */
  readonly logprobs?: { readonly alternatives: number } | undefined;
  readonly tokenIds: boolean;
  /** Most tokens of thoughts; where they are used up the answer breaks off without an end. */
  readonly thinkingBudget?: number | undefined;
  /** What the slices of the prompt found in the cache, where it was fed in slices. */
  readonly cachedTokens: number | undefined;
}

interface TokenCounts {
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

const progress = z.object({ total: z.int(), cache: z.int() });
const lastChunk = z.object({
  stop_type: z.string(),
  tokens_predicted: z.int(),
  tokens_evaluated: z.int(),
  timings: z.object({ cache_n: z.int() }),
});

/**
 * The answer of the server's `/completion` as events, choice 0, without a `start`. An iterator rather than a generator, because every token
 * passes through it.
 */
export class CompletionReader implements AsyncIterableIterator<GenerateEvent, undefined> {
  readonly #data: AsyncIterator<readonly string[]>;
  readonly #options: ReadOptions;
  readonly #splitter: ThinkSplitter;
  readonly #plain: boolean;
  #events: GenerateEvent[] = [];
  /** Tokens that had been generated when each of these events was complete: a batch is decoded before its events are handed out. */
  #counts: TokenCounts[] = [];
  #next = 0;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #usage: TokenUsage;
  #reasoningTokens = 0;
  /** Up to the last event that was handed out. */
  #told: TokenCounts = { completionTokens: 0, reasoningTokens: 0 };
  /** All that was generated, marks included. */
  generated = "";
  /** The budget for thoughts was used up. */
  brokeOff = false;

  constructor(data: AsyncIterable<readonly string[]>, options: ReadOptions) {
    this.#data = data[Symbol.asyncIterator]();
    this.#options = options;
    this.#splitter = new ThinkSplitter(options.thinking);
    this.#usage = { promptTokens: undefined, completionTokens: 0, cachedTokens: options.cachedTokens };
    this.#plain = options.logprobs === undefined && !options.tokenIds;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Up to the last event that was handed out. */
  get usage(): TokenUsage {
    const { completionTokens, reasoningTokens } = this.#told;
    return { ...this.#usage, completionTokens, ...(this.#options.thinking === "none" ? {} : { reasoningTokens }) };
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    const event = this.#take();
    return event === undefined ? this.#readOn() : Promise.resolve({ done: false, value: event });
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    await this.#close();
    return { done: true, value: undefined };
  }

  async #readOn(): Promise<IteratorResult<GenerateEvent, undefined>> {
    for (;;) {
      const event = this.#take();
      if (event !== undefined) return { done: false, value: event };
      if (this.#failure !== undefined) {
        const { error } = this.#failure;
        this.#failure = undefined;
        await this.#close();
        throw error;
      }
      if (this.#isOver) {
        this.#told = this.#totals;
        return { done: true, value: undefined };
      }
      const result = await this.#data.next();
      this.#decode(result.done === true ? undefined : result.value);
      if (this.#isOver) await this.#close();
    }
  }

  #take(): GenerateEvent | undefined {
    const event = this.#events[this.#next];
    if (event === undefined) return undefined;
    this.#told = this.#counts[this.#next] ?? this.#told;
    this.#next++;
    return event;
  }

  /** What came before a failure is handed out before it. @param batch undefined at the end of the data. */
  #decode(batch: readonly string[] | undefined): void {
    this.#events = [];
    this.#counts = [];
    this.#next = 0;
    try {
      for (const text of batch ?? []) {
        if (this.#isOver) break;
        this.#read(text);
        this.#count();
      }
      if (batch === undefined && !this.#isOver) {
        throw new EngineError("interrupted", "The engine ended its stream before its answer was finished.");
      }
    } catch (error) {
      this.#failure = { error };
    }
  }

  get #totals(): TokenCounts {
    return { completionTokens: this.#usage.completionTokens ?? 0, reasoningTokens: this.#reasoningTokens };
  }

  /** Notes the counts for what the last chunk added. */
  #count(): void {
    if (this.#counts.length === this.#events.length) return;
    const counts = this.#totals;
    while (this.#counts.length < this.#events.length) this.#counts.push(counts);
  }

  #read(text: string): void {
    const chunk = parseChunk(text);
    const failure = readErrorInStream(chunk);
    if (failure !== undefined) throw failure;
    try {
      if (chunk.stop === true) this.#end(lastChunk.parse(chunk));
      else if ("prompt_progress" in chunk) this.#readProgress(progress.parse(chunk.prompt_progress));
      else this.#readToken(chunk);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw unreadable(text, cause);
    }
  }

  #readProgress({ total, cache }: z.infer<typeof progress>): void {
    this.#usage = { ...this.#usage, promptTokens: total, cachedTokens: this.#options.cachedTokens ?? cache };
  }

  #readToken(chunk: Readonly<Record<string, unknown>>): void {
    const { content: text, tokens_predicted: predicted } = chunk;
    if (typeof text !== "string" || typeof predicted !== "number") throw new TypeError("A token has neither text nor number.");
    this.generated += text;
    const { completionTokens: before = 0 } = this.#usage;
    this.#usage = { ...this.#usage, completionTokens: predicted };
    if (this.#splitter.isAnswering && this.#plain) {
      if (text !== "") this.#events.push({ type: "text-delta", choice: 0, text });
      return;
    }
    const wasThinking = this.#splitter.isThinking;
    const events: GenerateEvent[] = [];
    // An end of the answer is a token without text, which is none of its text.
    this.#splitter.read(text === "" ? { text } : { text, ...this.#tokensOf(chunk, text) }, events);
    if (wasThinking || this.#splitter.isThinking) this.#reasoningTokens += predicted - before;
    for (const event of events) this.#events.push(event);
    const { thinkingBudget } = this.#options;
    if (thinkingBudget === undefined || !this.#splitter.isThinking || this.#reasoningTokens < thinkingBudget) return;
    this.#splitter.end(this.#events);
    this.brokeOff = true;
    this.#isOver = true;
  }

  #tokensOf(chunk: Readonly<Record<string, unknown>>, text: string) {
    const { logprobs, tokenIds } = this.#options;
    return {
      ...(logprobs === undefined
        ? {}
        : {
            logprobs: probabilities
              .parse(chunk.completion_probabilities ?? [])
              .map((entry) => readLogprob(entry, logprobs.alternatives, text)),
          }),
      ...(tokenIds ? { tokenIds: z.array(z.int()).parse(chunk.tokens ?? []) } : {}),
    };
  }

  #end({ stop_type, tokens_predicted, tokens_evaluated, timings }: z.infer<typeof lastChunk>): void {
    this.#splitter.end(this.#events);
    const { promptTokens = tokens_evaluated, cachedTokens = timings.cache_n } = this.#usage;
    this.#usage = { promptTokens, cachedTokens, completionTokens: tokens_predicted };
    this.#events.push({ type: "choice-end", choice: 0, reason: stop_type === "limit" ? "length" : "stop" });
    const reasoning = this.#options.thinking === "none" ? {} : { reasoningTokens: this.#reasoningTokens };
    this.#events.push({ type: "end", usage: { ...this.#usage, ...reasoning } });
    this.#isOver = true;
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    await this.#data.return?.();
  }
}

function parseChunk(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (isRecord(json)) return json;
  } catch (cause) {
    throw unreadable(text, cause);
  }
  throw unreadable(text, undefined);
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function unreadable(text: string, cause: unknown): EngineError {
  return new EngineError("bad-response", "The engine sent a chunk that cannot be read.", { upstreamBody: text.slice(0, 500), cause });
}
