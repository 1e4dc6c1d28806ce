import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateRequest, Prompt, TokenizeRequest } from "../../engine/generation.ts";
import { renderChat, thoughtsAreOff } from "./chat-template.ts";
import type { CompletionPrompt } from "./completion-body.ts";
import { withoutOldestTurn } from "./conversation.ts";
import type { LlamaHttp } from "./llama-http.ts";
import { isParsedByServer, writeServerChat } from "./server-parsed-chat.ts";
import type { TemplateFacts } from "./template-facts.ts";
import type { Thinking } from "./think-splitter.ts";

export interface PreparedPrompt {
  readonly prompt: CompletionPrompt;
  /** Undefined of a prompt with pictures, whose length the server alone knows. */
  readonly tokens: readonly number[] | undefined;
  /** Undefined where only token ids were given. */
  readonly text: string | undefined;
  readonly thinking: Thinking;
  /** Tokens that may be generated; undefined where nothing bounds them. */
  readonly maxTokens: number | undefined;
  /** Fields that have no effect on this model. */
  readonly ignored: readonly string[];
  /** What is asked of the server's own chat, where that parses the answer. */
  readonly serverChat?: Record<string, unknown> | undefined;
}

/** @property messages those that are left of a conversation */
interface FoundPrompt extends Omit<PreparedPrompt, "maxTokens" | "serverChat"> {
  readonly messages?: readonly ChatMessage[];
}

/** Part of the context that a prompt leaves free for an answer at most, where it is cut to fit. */
const ROOM_FOR_ANSWER = 1 / 4;

/** Turns a request's prompt into what the server begins from. */
export class PromptPreparation {
  readonly #llama: LlamaHttp;
  readonly #contextLength: number;
  readonly #facts: (signal: AbortSignal) => Promise<TemplateFacts>;

  constructor(llama: LlamaHttp, contextLength: number, facts: (signal: AbortSignal) => Promise<TemplateFacts>) {
    this.#llama = llama;
    this.#contextLength = contextLength;
    this.#facts = facts;
  }

  /** @throws EngineError `context-overflow` before any compute; `invalid-request` for a prompt without any token, which the server would answer with nothing */
  async prepare(request: GenerateRequest, signal: AbortSignal): Promise<PreparedPrompt> {
    const found = await this.#find(request, this.#longestPrompt(request), signal);
    const length = found.tokens?.length;
    if (length === 0) throw new EngineError("invalid-request", "The prompt is empty.", { promptIsAtFault: true });
    const maxTokens = this.#fitAnswer(request, length);
    const { messages, ...prepared } = found;
    return { ...prepared, maxTokens, serverChat: messages && (await this.#serverChat(request, messages, maxTokens, signal)) };
  }

  async #serverChat(request: GenerateRequest, messages: readonly ChatMessage[], maxTokens: number | undefined, signal: AbortSignal) {
    const facts = await this.#facts(signal);
    return isParsedByServer(request, facts) ? writeServerChat(request, messages, maxTokens, facts) : undefined;
  }

  /** Token ids of a prompt as the model sees it. Of a picture only the mark counts. */
  async tokenize(request: TokenizeRequest, signal: AbortSignal): Promise<readonly number[]> {
    const { prompt, addSpecialTokens = true } = request;
    if (prompt.kind === "tokens") return prompt.tokens;
    if (prompt.kind === "text") return this.#llama.tokenize(prompt.text, signal, { addSpecialTokens });
    const { text } = await renderChat(this.#llama, prompt.messages, request, await this.#facts(signal), signal);
    return this.#llama.tokenize(text, signal);
  }

  async #find(request: GenerateRequest, longest: number | undefined, signal: AbortSignal): Promise<FoundPrompt> {
    const { prompt } = request;
    if (prompt.kind === "chat") return this.#findChat(request, prompt, longest, signal);
    const tokens = prompt.kind === "tokens" ? prompt.tokens : await this.#llama.tokenize(prompt.text, signal);
    const kept = longest === undefined ? tokens : tokens.slice(Math.max(0, tokens.length - longest));
    const isWhole = kept.length === tokens.length;
    return {
      prompt: kept,
      tokens: kept,
      text: prompt.kind === "text" && isWhole ? prompt.text : undefined,
      thinking: "none",
      ignored: ignoredWithoutThoughts(request),
    };
  }

  async #findChat(
    request: GenerateRequest,
    { messages }: Extract<Prompt, { kind: "chat" }>,
    longest: number | undefined,
    signal: AbortSignal,
  ): Promise<FoundPrompt> {
    const facts = await this.#facts(signal);
    const pictures = messages.flatMap(picturesIn);
    if (pictures.length > 0 && !facts.vision) {
      throw new EngineError("unsupported", "The model does not take images.", { promptIsAtFault: true });
    }
    for (let kept: readonly ChatMessage[] = messages; ; ) {
      const { text, thinking } = await renderChat(this.#llama, kept, request, facts, signal);
      const tokens = await this.#llama.tokenize(text, signal);
      const fewer = longest !== undefined && tokens.length > longest ? withoutOldestTurn(kept) : undefined;
      if (fewer !== undefined) {
        kept = fewer;
        continue;
      }
      const remaining = kept.flatMap(picturesIn);
      const ignored = facts.thoughts === "none" ? ignoredWithoutThoughts(request) : facts.readsEffort ? [] : ignoredEffort(request);
      const shared = { text, thinking, ignored, messages: kept };
      // What a picture costs only the server knows; the words must fit in any case.
      if (remaining.length === 0) return { ...shared, prompt: tokens, tokens };
      this.#fitAnswer(request, tokens.length);
      return { ...shared, prompt: { prompt_string: text, multimodal_data: remaining }, tokens: undefined };
    }
  }

  /** Where the prompt is to be cut. */
  #longestPrompt({ truncatePrompt, maxTokens }: GenerateRequest): number | undefined {
    if (truncatePrompt === undefined) return undefined;
    const room = Math.max(1, Math.min(maxTokens ?? Number.POSITIVE_INFINITY, Math.floor(this.#contextLength * ROOM_FOR_ANSWER)));
    const fitting = this.#contextLength - room;
    return truncatePrompt === "context" ? fitting : truncatePrompt;
  }

  #fitAnswer({ maxTokens, overflow }: GenerateRequest, promptTokens: number | undefined): number | undefined {
    const contextTokens = this.#contextLength;
    if (promptTokens === undefined || contextTokens === Number.POSITIVE_INFINITY) return maxTokens;
    if (promptTokens >= contextTokens) {
      throw new EngineError("context-overflow", "The prompt is longer than the model's context.", { promptTokens, contextTokens });
    }
    if (overflow === "error" && maxTokens !== undefined && promptTokens + maxTokens > contextTokens) {
      throw new EngineError("context-overflow", "The prompt and the tokens that were asked for are longer than the model's context.", {
        promptTokens,
        maxTokens,
        contextTokens,
      });
    }
    return Math.min(maxTokens ?? contextTokens, contextTokens - promptTokens);
  }
}

function picturesIn({ content }: ChatMessage): readonly string[] {
  if (typeof content === "string") return [];
  return content.flatMap((part) => (part.kind === "image" && part.source.kind === "bytes" ? [part.source.base64] : []));
}

/** Where no thoughts are to be had, the wish that there be none is met. */
function ignoredWithoutThoughts(request: GenerateRequest): readonly string[] {
  return request.reasoning === undefined || thoughtsAreOff(request) ? [] : ["reasoning_effort"];
}

function ignoredEffort(request: GenerateRequest): readonly string[] {
  return request.reasoning?.effort === undefined || thoughtsAreOff(request) ? [] : ["reasoning_effort"];
}
