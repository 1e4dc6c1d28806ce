import { randomUUID } from "node:crypto";
import { z } from "zod";
import { readPromptedCalls } from "../../dialects/prompted-tools/call-reader.ts";
import type { ReplicaHttp } from "../../egress/replica-http.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, TokenUsage } from "../../engine/generation.ts";
import { abortable } from "./abortable.ts";
import type { AnswerGrammar } from "./answer-grammar.ts";
import { type CompletionPrompt, writeCompletionBody } from "./completion-body.ts";
import { CompletionReader } from "./completion-reader.ts";
import type { LlamaHttp } from "./llama-http.ts";
import type { PreparedPrompt } from "./prepare-prompt.ts";
import { nextSliceEnd } from "./prompt-slices.ts";
import { readServerChat } from "./server-parsed-chat.ts";
import { commonPrefixLength, type Slot, type SlotPool } from "./slot-pool.ts";
import { endAtStop } from "./stop-sequences.ts";
import { THINK_END, type Thinking } from "./think-splitter.ts";
import { TokenDeadline } from "./token-deadline.ts";

const sliceAnswer = z.object({ timings: z.object({ cache_n: z.int() }) });

const PATIENCE_WITH_PICTURES = 5;

type PromptEvent = Extract<GenerateEvent, { type: "prompt" }>;

export interface PreparedGeneration {
  readonly prompt: PreparedPrompt;
  readonly grammar: AnswerGrammar;
  /** Where the prompt is to be told: made when the first choice has a slot to compute it in. */
  readonly tellPrompt: ((slot: number, signal: AbortSignal) => Promise<PromptEvent>) | undefined;
}

interface ServerAccess {
  readonly http: ReplicaHttp;
  readonly llama: LlamaHttp;
  readonly slots: SlotPool;
  /** Between two tokens of an answer that a grammar binds. */
  readonly tokenDeadlineMs: number;
  readonly onStuck: () => void;
}

/** One choice of a request: a slot of the server from before its prompt is read until the server is done with it. */
export class ChoiceRun {
  readonly #server: ServerAccess;
  readonly #request: GenerateRequest;
  #cachedTokens: number | undefined;

  constructor(server: ServerAccess, request: GenerateRequest) {
    this.#server = server;
    this.#request = request;
  }

  async *events(prepare: () => Promise<PreparedGeneration>, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const prepared = await prepare();
    const { prompt, grammar } = prepared;
    const { slots } = this.#server;
    const askedAt = performance.now();
    const slot = await slots.acquire(prompt.tokens ?? [], signal);
    // A slice cannot be called back: the slot is free again only when the server has worked it off.
    let busy: Promise<unknown> = Promise.resolve();
    try {
      // Before the prompt is read: who leaves meanwhile has cost that much.
      yield {
        type: "start",
        upstreamId: undefined,
        ...(prompt.tokens === undefined ? {} : { promptTokens: prompt.tokens.length }),
        queuedMs: performance.now() - askedAt,
        ...(grammar.unenforced.length === 0 ? {} : { unenforced: grammar.unenforced }),
        ...(prompt.ignored.length === 0 ? {} : { ignored: prompt.ignored }),
      };
      if (prompt.tokens !== undefined) {
        let held = commonPrefixLength(slot.tokens, prompt.tokens);
        for (;;) {
          const end = nextSliceEnd(prompt.tokens.length, held, { isAlone: slots.inUse === 1 });
          if (end === undefined) break;
          const slice = this.#feedSlice(slot, prompt.tokens.slice(0, end));
          busy = slice.catch(() => undefined);
          const cached = await abortable(slice, signal);
          this.#cachedTokens ??= cached;
          held = end;
        }
      }
      // Pictures cannot be fed in slices, and what the cache begins with is then not known by token ids.
      slot.tokens = prompt.tokens ?? [];
      if (prepared.tellPrompt !== undefined) {
        const told = prepared.tellPrompt(slot.id, signal);
        busy = told.catch(() => undefined);
        yield await abortable(told, signal);
      }
      if (this.#request.maxTokens === 0) yield* this.#nothing(prompt);
      else yield* this.#answer(slot, prepared, signal);
    } finally {
      void busy.then(() => slots.release(slot));
    }
  }

  /** Lets the slot compute a prefix of the prompt. @returns how many of its tokens were in the cache already. */
  async #feedSlice(slot: Slot, prefix: readonly number[]): Promise<number> {
    slot.tokens = prefix;
    const body = { prompt: prefix, id_slot: slot.id, n_predict: 0, cache_prompt: true };
    // No signal: hanging up would not stop the server, it would only hide when the slot is free.
    const answer = sliceAnswer.safeParse(await this.#server.http.postJson("completion", body, new AbortController().signal));
    if (!answer.success)
      throw new EngineError("bad-response", "The engine's answer to a part of the prompt cannot be read.", { cause: answer.error });
    return answer.data.timings.cache_n;
  }

  /** Only the prompt was asked for: the server would generate one token. */
  *#nothing({ tokens }: PreparedPrompt): Generator<GenerateEvent> {
    yield { type: "choice-end", choice: 0, reason: "length" };
    yield { type: "end", usage: { promptTokens: tokens?.length, completionTokens: 0, cachedTokens: this.#cachedTokens } };
  }

  #answer(slot: Slot, { prompt, grammar }: PreparedGeneration, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { stop, reasoning, trace: headers } = this.#request;
    if (prompt.serverChat !== undefined) {
      const body = { ...prompt.serverChat, id_slot: slot.id };
      const data = this.#server.http.postForEvents("v1/chat/completions", { body, headers, signal });
      return readServerChat(data, this.#request, this.#cachedTokens);
    }
    const { thinking } = prompt;
    const thinkingBudget = thinking === "none" ? undefined : reasoning?.budgetTokens;
    const first = this.#open(
      slot,
      { ...prompt, grammar: grammar.gbnf(thinking), thinkingBudget, cachedTokens: this.#cachedTokens },
      signal,
    );
    const answer = new BudgetedAnswer(first, (broken) => this.#goOn(slot, prompt, grammar, broken, signal));
    const answered = thinkingBudget === undefined ? first : answer.events();
    const withCalls = grammar.hasCalls ? readPromptedCalls(answered, () => `call_${randomUUID().replaceAll("-", "")}`) : answered;
    return stop.length === 0 ? withCalls : endAtStop(withCalls, stop, () => answer.usage);
  }

  /** Goes on behind thoughts that were broken off, in the same slot. @returns undefined when no token is left for an answer */
  async #goOn(
    slot: Slot,
    { text, prompt, maxTokens }: PreparedPrompt,
    grammar: AnswerGrammar,
    { generated, usage }: CompletionReader,
    signal: AbortSignal,
  ): Promise<CompletionReader | undefined> {
    const left = maxTokens === undefined ? undefined : maxTokens - (usage.completionTokens ?? 0);
    if (left !== undefined && left <= 0) return undefined;
    const whole = `${text ?? ""}${generated.trimEnd()}\n${THINK_END}\n\n`;
    const next: CompletionPrompt =
      "prompt_string" in prompt ? { ...prompt, prompt_string: whole } : await this.#server.llama.tokenize(whole, signal);
    const { cachedTokens } = usage;
    return this.#open(slot, { prompt: next, thinking: "none", maxTokens: left, grammar: grammar.gbnf("none"), cachedTokens }, signal);
  }

  #open(slot: Slot, options: CallOptions, signal: AbortSignal): CompletionReader {
    const { http, tokenDeadlineMs, onStuck } = this.#server;
    const { trace: headers, logprobs, tokenIds = false } = this.#request;
    const body = writeCompletionBody(this.#request, { ...options, slot: slot.id });
    const { thinking, thinkingBudget, cachedTokens, grammar } = options;
    const read = { thinking, thinkingBudget, cachedTokens, logprobs, tokenIds };
    if (grammar === undefined) return new CompletionReader(http.postForEvents("completion", { body, headers, signal }), read);
    // Encoding a picture is one long step.
    const patience = "prompt_string" in options.prompt ? PATIENCE_WITH_PICTURES : 1;
    const deadline = new TokenDeadline(patience * tokenDeadlineMs, signal, onStuck);
    return new CompletionReader(deadline.watch(http.postForEvents("completion", { body, headers, signal: deadline.signal })), read);
  }
}

interface CallOptions {
  readonly prompt: CompletionPrompt;
  readonly thinking: Thinking;
  readonly maxTokens: number | undefined;
  readonly grammar: string | undefined;
  readonly thinkingBudget?: number | undefined;
  readonly cachedTokens: number | undefined;
}

/** An answer whose thoughts are broken off where their budget is used up, with the usage of both calls. */
class BudgetedAnswer {
  #reader: CompletionReader;
  /** Of the call that was broken off. */
  #before: TokenUsage | undefined;
  readonly #goOn: (broken: CompletionReader) => Promise<CompletionReader | undefined>;

  constructor(reader: CompletionReader, goOn: (broken: CompletionReader) => Promise<CompletionReader | undefined>) {
    this.#reader = reader;
    this.#goOn = goOn;
  }

  get usage(): TokenUsage {
    const { usage } = this.#reader;
    const before = this.#before;
    if (before === undefined) return usage;
    return { ...before, completionTokens: (before.completionTokens ?? 0) + (usage.completionTokens ?? 0) };
  }

  async *events(): AsyncGenerator<GenerateEvent> {
    const first = this.#reader;
    yield* first;
    if (!first.brokeOff) return;
    const next = await this.#goOn(first);
    if (next === undefined) {
      yield { type: "choice-end", choice: 0, reason: "length" };
      yield { type: "end", usage: first.usage };
      return;
    }
    this.#before = first.usage;
    this.#reader = next;
    for await (const event of next) yield event.type === "end" ? { ...event, usage: this.usage } : event;
  }
}
