import type { GenerateRequest } from "../../engine/generation.ts";

/** A part of a request that not every upstream understands. */
export interface RequestField {
  /** OpenAI's or, where it has none, the most used spelling. */
  readonly param: (request: GenerateRequest) => string;
  readonly isAsked: (request: GenerateRequest) => boolean;
  /** The request without it; only where it cannot change the answer's tokens. */
  readonly leaveOut?: (request: GenerateRequest) => GenerateRequest;
}

const named = (param: string) => (): string => param;
const ofFormat = ({ format }: GenerateRequest): string => format?.param ?? "response_format";
const isFormat =
  (kind: "regex" | "grammar") =>
  ({ format }: GenerateRequest): boolean =>
    format?.kind === kind;

export const REQUEST_FIELDS = {
  topK: { param: named("top_k"), isAsked: ({ topK }) => topK !== undefined },
  minP: { param: named("min_p"), isAsked: ({ minP }) => minP !== undefined },
  typicalP: { param: named("typical_p"), isAsked: ({ typicalP }) => typicalP !== undefined },
  repetitionPenalty: { param: named("repetition_penalty"), isAsked: ({ repetitionPenalty }) => repetitionPenalty !== undefined },
  mirostat: {
    param: ({ mirostat }) => (mirostat?.target === undefined ? "mirostat_lr" : "mirostat_target"),
    isAsked: ({ mirostat }) => mirostat !== undefined,
  },
  ignoreEos: { param: named("ignore_eos"), isAsked: ({ ignoreEos }) => ignoreEos === true },
  regex: { param: ofFormat, isAsked: isFormat("regex") },
  grammar: { param: ofFormat, isAsked: isFormat("grammar") },
  formatOfText: { param: ofFormat, isAsked: ({ prompt, format }) => prompt.kind !== "chat" && format !== undefined },
  templateArguments: { param: named("chat_template_kwargs"), isAsked: ({ templateArguments }) => templateArguments !== undefined },
  reasoningSwitch: { param: named("reasoning"), isAsked: ({ reasoning }) => reasoning?.enabled !== undefined },
  reasoningBudget: { param: named("thinking"), isAsked: ({ reasoning }) => reasoning?.budgetTokens !== undefined },
  reasoningHistory: { param: named("reasoning_history"), isAsked: ({ reasoning }) => reasoning?.history !== undefined },
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
  },
  user: { param: named("user"), isAsked: ({ user }) => user !== undefined, leaveOut: ({ user: _, ...rest }) => rest },
} as const satisfies Readonly<Record<string, RequestField>>;

export type RequestFieldName = keyof typeof REQUEST_FIELDS;
