import type { ChatMessage, GenerateRequest } from "../../engine/generation.ts";

type Change = (request: GenerateRequest) => GenerateRequest;

/** A part of a request that not every upstream understands. */
export interface RequestField {
  /** OpenAI's or, where it has none, the most used spelling. */
  readonly param: (request: GenerateRequest) => string;
  readonly isAsked: (request: GenerateRequest) => boolean;
  /** The request without it; only where it cannot change the answer's tokens, or where the upstream would take nothing in its place. */
  readonly leaveOut?: Change;
  /** Values that ask for what happens without them, which clients send as their defaults: left out without a word. */
  readonly neutral?: { readonly is: (request: GenerateRequest) => boolean; readonly leaveOut: Change };
}

const named = (param: string) => (): string => param;
const ofFormat = ({ format }: GenerateRequest): string => format?.param ?? "response_format";
const isFormat =
  (kind: NonNullable<GenerateRequest["format"]>["kind"]) =>
  ({ format }: GenerateRequest): boolean =>
    format?.kind === kind;
const messagesOf = ({ prompt }: GenerateRequest): readonly ChatMessage[] => (prompt.kind === "chat" ? prompt.messages : []);

export const REQUEST_FIELDS = {
  textPrompt: { param: named("prompt"), isAsked: ({ prompt }) => prompt.kind === "text" },
  tokenPrompt: { param: named("prompt"), isAsked: ({ prompt }) => prompt.kind === "tokens" },
  choices: { param: named("n"), isAsked: ({ choices }) => choices > 1 },
  seed: { param: named("seed"), isAsked: ({ seed }) => seed !== undefined },
  topK: {
    param: named("top_k"),
    isAsked: ({ topK }) => topK !== undefined,
    neutral: { is: ({ topK }) => topK === 0, leaveOut: ({ topK: _, ...rest }) => rest },
  },
  minP: {
    param: named("min_p"),
    isAsked: ({ minP }) => minP !== undefined,
    neutral: { is: ({ minP }) => minP === 0, leaveOut: ({ minP: _, ...rest }) => rest },
  },
  typicalP: {
    param: named("typical_p"),
    isAsked: ({ typicalP }) => typicalP !== undefined,
    neutral: { is: ({ typicalP }) => typicalP === 1, leaveOut: ({ typicalP: _, ...rest }) => rest },
  },
  presencePenalty: {
    param: named("presence_penalty"),
    isAsked: ({ presencePenalty }) => presencePenalty !== undefined,
    neutral: { is: ({ presencePenalty }) => presencePenalty === 0, leaveOut: ({ presencePenalty: _, ...rest }) => rest },
  },
  frequencyPenalty: {
    param: named("frequency_penalty"),
    isAsked: ({ frequencyPenalty }) => frequencyPenalty !== undefined,
    neutral: { is: ({ frequencyPenalty }) => frequencyPenalty === 0, leaveOut: ({ frequencyPenalty: _, ...rest }) => rest },
  },
  repetitionPenalty: {
    param: named("repetition_penalty"),
    isAsked: ({ repetitionPenalty }) => repetitionPenalty !== undefined,
    neutral: { is: ({ repetitionPenalty }) => repetitionPenalty === 1, leaveOut: ({ repetitionPenalty: _, ...rest }) => rest },
  },
  mirostat: {
    param: ({ mirostat }) => (mirostat?.target === undefined ? "mirostat_lr" : "mirostat_target"),
    isAsked: ({ mirostat }) => mirostat !== undefined,
  },
  logitBias: {
    param: named("logit_bias"),
    isAsked: ({ logitBias }) => logitBias !== undefined,
    neutral: { is: ({ logitBias }) => logitBias?.size === 0, leaveOut: ({ logitBias: _, ...rest }) => rest },
  },
  ignoreEos: {
    param: named("ignore_eos"),
    isAsked: ({ ignoreEos }) => ignoreEos !== undefined,
    neutral: { is: ({ ignoreEos }) => ignoreEos === false, leaveOut: ({ ignoreEos: _, ...rest }) => rest },
  },
  logprobs: { param: named("logprobs"), isAsked: ({ logprobs }) => logprobs !== undefined },
  jsonObject: { param: ofFormat, isAsked: isFormat("json-object") },
  jsonSchema: { param: ofFormat, isAsked: isFormat("json-schema") },
  regex: { param: ofFormat, isAsked: isFormat("regex") },
  grammar: { param: ofFormat, isAsked: isFormat("grammar") },
  formatOfText: { param: ofFormat, isAsked: ({ prompt, format }) => prompt.kind !== "chat" && format !== undefined },
  toolChoice: { param: named("tool_choice"), isAsked: ({ tools }) => tools !== undefined && tools.choice !== "auto" },
  templateArguments: { param: named("chat_template_kwargs"), isAsked: ({ templateArguments }) => templateArguments !== undefined },
  reasoningSwitch: { param: named("reasoning"), isAsked: ({ reasoning }) => reasoning?.enabled !== undefined },
  reasoningBudget: { param: named("thinking"), isAsked: ({ reasoning }) => reasoning?.budgetTokens !== undefined },
  reasoningHistory: { param: named("reasoning_history"), isAsked: ({ reasoning }) => reasoning?.history !== undefined },
  // Anthropic takes calls back from a model with such a budget only together with the thoughts before them, signed; signatures are kept
  // nowhere here. Refusing would break every loop of calls, so that it goes on without thoughts, and says so.
  budgetBehindCalls: {
    param: named("thinking"),
    isAsked: (request) => request.reasoning?.budgetTokens !== undefined && endsInCalls(messagesOf(request)),
    leaveOut: ({ reasoning: { budgetTokens: _, enabled: __, ...reasoning } = {}, ...rest }) => ({ ...rest, reasoning }),
  },
  // What it thought before this turn. Those who lack it have no place for it, or drop it themselves.
  thoughts: {
    param: named("messages.reasoning_content"),
    isAsked: (request) => messagesOf(request).some((message) => message.role === "assistant" && message.reasoning !== undefined),
    leaveOut: (request) => ({ ...request, prompt: { kind: "chat", messages: messagesOf(request).map(withoutThoughts) } }),
  },
  speakers: {
    param: named("messages.name"),
    isAsked: (request) => messagesOf(request).some(({ role, name }) => role !== "tool" && name !== undefined),
  },
  /** There it would be continued, not answered. */
  lastWord: { param: named("messages"), isAsked: (request) => messagesOf(request).at(-1)?.role === "assistant" },
  promptLength: { param: named("prompt_truncate_len"), isAsked: ({ truncatePrompt }) => typeof truncatePrompt === "number" },
  promptFit: { param: named("truncation"), isAsked: ({ truncatePrompt }) => truncatePrompt === "context" },
  chatEcho: { param: named("echo"), isAsked: ({ prompt, echo }) => prompt.kind === "chat" && echo !== undefined },
  // Without it the other side refuses what is too long, which is no other answer.
  truncatedAnswer: {
    param: named("context_length_exceeded_behavior"),
    isAsked: ({ overflow, maxTokens }) => overflow === "truncate" && maxTokens !== undefined,
    leaveOut: ({ overflow: _, ...rest }) => rest,
  },
  tokenIds: {
    param: named("return_token_ids"),
    isAsked: ({ tokenIds }) => tokenIds === true,
    leaveOut: ({ tokenIds: _, ...rest }) => rest,
  },
  cacheKey: {
    param: named("prompt_cache_key"),
    isAsked: ({ cacheKey }) => cacheKey !== undefined,
    leaveOut: ({ cacheKey: _, ...rest }) => rest,
    // Taken from the user's id: the client sent none.
    neutral: { is: ({ cacheKey, user }) => cacheKey === user, leaveOut: ({ cacheKey: _, ...rest }) => rest },
  },
  user: { param: named("user"), isAsked: ({ user }) => user !== undefined, leaveOut: ({ user: _, ...rest }) => rest },
} as const satisfies Readonly<Record<string, RequestField>>;

export type RequestFieldName = keyof typeof REQUEST_FIELDS;

/** Whether the assistant's last turn, which goes back to the last thing that the user said, made calls. */
function endsInCalls(messages: readonly ChatMessage[]): boolean {
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1);
  return turn.some((message) => message.role === "assistant" && (message.toolCalls?.length ?? 0) > 0);
}

function withoutThoughts(message: ChatMessage): ChatMessage {
  if (message.role !== "assistant") return message;
  const { reasoning: _, ...rest } = message;
  return rest;
}
