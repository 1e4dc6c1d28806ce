import { z } from "zod";
import { readChatStream, writeChatBody, writeMessages } from "../../dialects/openai-chat/calling.ts";
import { readCompletionStream, writeCompletionBody } from "../../dialects/openai-completions/calling.ts";
import { readErrorAnswer } from "../../dialects/openai-errors/calling.ts";
import { ReplicaHttp } from "../../egress/replica-http.ts";
import type { ModelClient, ReplicaConnection, ReplicaHealth } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import { mergeGenerations } from "../../engine/merge-generations.ts";
import { nextSliceEnd } from "./prompt-slices.ts";
import { commonPrefixLength, type Slot, SlotPool } from "./slot-pool.ts";

const template = z.object({ prompt: z.string() });
const tokens = z.object({ tokens: z.array(z.int()) });
const sliceAnswer = z.object({ timings: z.object({ cache_n: z.int() }) });
const slotList = z.array(z.object({ is_processing: z.boolean() }));

/** The server draws a seed itself when it is asked for this one. */
const RANDOM_SEED = 0xffff_ffff;
/** The largest limit that the server can hold. */
const MOST_TOKENS = 0x7fff_ffff;

/** A client of one llama.cpp server that is ours alone. */
export class LlamacppClient implements ModelClient {
  readonly #http: ReplicaHttp;
  readonly #model: string;
  readonly #contextLength: number;
  readonly #slots: SlotPool;

  constructor(replica: ReplicaConnection) {
    this.#model = replica.model;
    this.#contextLength = replica.contextLength ?? Number.POSITIVE_INFINITY;
    this.#slots = new SlotPool(replica.slots ?? 1);
    this.#http = new ReplicaHttp({
      address: replica.address,
      credentials: replica.credentials,
      readError: readErrorAnswer,
      keepConnections: false,
    });
  }

  /** The server refuses more choices than it has slots, so each choice is a request of its own that runs when a slot is free. */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const prompt = once(() => this.#readPrompt(request.prompt, signal));
    if (request.choices === 1) return this.#generateChoice(request, prompt, signal);
    const parts = Array.from({ length: request.choices }, (_, choice) => ({
      choices: 1,
      events: (all: AbortSignal) => this.#generateChoice(nthChoice(request, choice), prompt, all),
    }));
    return mergeGenerations(parts, { promptIsShared: true, signal });
  }

  async health(signal: AbortSignal): Promise<ReplicaHealth> {
    try {
      const slots = slotList.safeParse(await this.#http.getJson("slots", signal));
      if (!slots.success) throw new EngineError("bad-response", "The engine's list of slots cannot be read.", { cause: slots.error });
      return { state: "ready", busySlots: slots.data.filter((slot) => slot.is_processing).length, models: [this.#model] };
    } catch (error) {
      // 503 while the model loads.
      if (error instanceof EngineError && error.kind === "overloaded") return { state: "starting" };
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async *#generateChoice(
    request: GenerateRequest,
    readPrompt: () => Promise<readonly number[]>,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent> {
    const prompt = await readPrompt();
    const askedAt = performance.now();
    const slot = await this.#slots.acquire(prompt, signal);
    // A slice cannot be called back: the slot is free again only when the server has worked it off.
    let busy: Promise<unknown> = Promise.resolve();
    try {
      // Before the prompt is read: who leaves meanwhile has cost that much.
      yield { type: "start", upstreamId: undefined, promptTokens: prompt.length, queuedMs: performance.now() - askedAt };
      let cachedTokens: number | undefined;
      let held = commonPrefixLength(slot.tokens, prompt);
      for (;;) {
        const end = nextSliceEnd(prompt.length, held, { isAlone: this.#slots.inUse === 1 });
        if (end === undefined) break;
        const slice = this.#feedSlice(slot, prompt.slice(0, end));
        busy = slice.catch(() => undefined);
        const cached = await abortable(slice, signal);
        cachedTokens ??= cached;
        held = end;
      }
      slot.tokens = prompt;
      for await (const event of this.#openStream(request, slot, signal)) {
        if (event.type === "start") continue;
        yield event.type === "end" && cachedTokens !== undefined ? { ...event, usage: { ...event.usage, cachedTokens } } : event;
      }
    } finally {
      void busy.then(() => this.#slots.release(slot));
    }
  }

  /** Lets the slot compute a prefix of the prompt. @returns how many of its tokens were in the cache already. */
  async #feedSlice(slot: Slot, prefix: readonly number[]): Promise<number> {
    slot.tokens = prefix;
    const body = { prompt: prefix, id_slot: slot.id, n_predict: 0, cache_prompt: true };
    // No signal: hanging up would not stop the server, it would only hide when the slot is free.
    const answer = sliceAnswer.safeParse(await this.#http.postJson("completion", body, new AbortController().signal));
    if (!answer.success)
      throw new EngineError("bad-response", "The engine's answer to a part of the prompt cannot be read.", { cause: answer.error });
    return answer.data.timings.cache_n;
  }

  #openStream(request: GenerateRequest, slot: Slot, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { prompt, trace: headers } = request;
    // The server cuts a larger number to 32 bits, which may leave a small one.
    const bounded = request.maxTokens === undefined ? request : { ...request, maxTokens: Math.min(request.maxTokens, MOST_TOKENS) };
    const own = {
      id_slot: slot.id,
      cache_prompt: true,
      ...(request.logitBias === undefined ? {} : { logit_bias: [...request.logitBias] }),
      ...(request.seed === undefined ? {} : { seed: toServerSeed(request.seed) }),
    };
    if (prompt.kind === "chat") {
      const body = { ...writeChatBody(prompt, bounded, this.#model), ...own };
      return readChatStream(this.#http.postForEvents("v1/chat/completions", { body, headers, signal }), 1);
    }
    const body = { ...writeCompletionBody(prompt, bounded, this.#model), ...own };
    return readCompletionStream(this.#http.postForEvents("v1/completions", { body, headers, signal }), 1);
  }

  /** @throws EngineError `context-overflow` before any compute. */
  async #readPrompt(prompt: Prompt, signal: AbortSignal): Promise<readonly number[]> {
    const tokens = await this.#tokenize(prompt, signal);
    if (tokens.length < this.#contextLength) return tokens;
    throw new EngineError("context-overflow", "The prompt is longer than the model's context.", {
      promptTokens: tokens.length,
      contextTokens: this.#contextLength,
    });
  }

  /**
   * Token ids of the prompt as the server will see it: they tell whether it fits, which slot has computed its beginning already, and where
   * to cut it. Two calls over a local socket, a few milliseconds.
   * @throws EngineError for a prompt without any token, which the server would answer with nothing.
   */
  async #tokenize(prompt: Prompt, signal: AbortSignal): Promise<readonly number[]> {
    if (prompt.kind === "tokens") return prompt.tokens;
    const content = prompt.kind === "text" ? prompt.text : await this.#applyTemplate(prompt, signal);
    const answer = tokens.safeParse(await this.#http.postJson("tokenize", { content, add_special: true, parse_special: true }, signal));
    if (!answer.success) throw new EngineError("bad-response", "The engine's tokens cannot be read.", { cause: answer.error });
    if (answer.data.tokens.length === 0) throw new EngineError("invalid-request", "The prompt is empty.", { promptIsAtFault: true });
    return answer.data.tokens;
  }

  async #applyTemplate(prompt: Extract<Prompt, { kind: "chat" }>, signal: AbortSignal): Promise<string> {
    const answer = template.safeParse(await this.#http.postJson("apply-template", { messages: writeMessages(prompt.messages) }, signal));
    if (!answer.success) throw new EngineError("bad-response", "The engine's rendered prompt cannot be read.", { cause: answer.error });
    return answer.data.prompt;
  }
}

/** The choices of a request share one prompt, which is read when the first of them begins. */
function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}

function nthChoice(request: GenerateRequest, choice: number): GenerateRequest {
  return { ...request, choices: 1, ...(request.seed === undefined ? {} : { seed: request.seed + choice }) };
}

/** The server's seeds are unsigned 32-bit numbers, the highest of which means "none". */
function toServerSeed(seed: number): number {
  return ((seed % RANDOM_SEED) + RANDOM_SEED) % RANDOM_SEED;
}

/** Stops waiting when the signal aborts; the work itself goes on. */
async function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const settled = new AbortController();
  const left = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    settled.abort();
  }
}
