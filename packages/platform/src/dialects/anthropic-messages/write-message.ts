import { ApiError } from "@bonfire/protocol/errors";
import type { Message, MessageContentBlock, MessageEnd, MessageUsage } from "@bonfire/protocol/message-events";
import type { GeneratedChoice, Generation } from "../../engine/fold-generation.ts";
import type { FinishReason, TokenUsage, ToolCall } from "../../engine/generation.ts";

/** What every answer repeats of its request. */
export interface MessageHead {
  readonly id: string;
  /** The name that the client asked for, not what it resolved to. */
  readonly model: string;
}

export interface MessageStyle {
  /** Where it is false, a block of thinking is there, and empty. */
  readonly showsThinking: boolean;
  /** What it was served as, where that is not the standard. */
  readonly serviceTier?: "priority";
}

const STOP_REASONS = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
} as const satisfies Record<FinishReason, string>;

export function writeMessage({ choices, usage, start }: Generation, head: MessageHead, style: MessageStyle): Message {
  const [choice] = choices;
  return {
    ...writeEnvelope(head, style, undefined),
    content: choice === undefined ? [] : writeContent(choice, style),
    ...writeEnd(choice?.finishReason ?? "stop", choice?.stopSequence),
    usage: { ...writeUsage(usage, start?.promptTokens), ...UNTOLD, service_tier: style.serviceTier ?? "standard" },
  };
}

const NOTHING_YET: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

/** What stands in a message before anything is generated. @param promptTokens where they are known by then. */
export function writeEnvelope({ id, model }: MessageHead, { serviceTier }: MessageStyle, promptTokens: number | undefined): Message {
  return {
    id,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...writeUsage(NOTHING_YET, promptTokens), ...UNTOLD, service_tier: serviceTier ?? "standard" },
  };
}

export function writeEnd(reason: FinishReason, stopSequence: string | undefined): MessageEnd {
  const ended = reason === "stop" && stopSequence !== undefined;
  return {
    stop_reason: ended ? "stop_sequence" : STOP_REASONS[reason],
    stop_sequence: ended ? stopSequence : null,
    stop_details: null,
    container: null,
  };
}

type CountedUsage = Omit<MessageUsage, keyof typeof UNTOLD | "service_tier">;

/** Parts of the usage that mean nothing here. */
const UNTOLD = { cache_creation: null, inference_geo: null, speed: null } as const;

/** Where Anthropic's types have no null, a count that the engine did not tell is 0. @param promptTokens as known before the answer. */
export function writeUsage(usage: TokenUsage, promptTokens: number | undefined): CountedUsage {
  const { cachedTokens, completionTokens = 0, reasoningTokens } = usage;
  return {
    input_tokens: Math.max(0, (usage.promptTokens ?? promptTokens ?? 0) - (cachedTokens ?? 0)),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens ?? null,
    output_tokens: completionTokens,
    output_tokens_details: reasoningTokens === undefined ? null : { thinking_tokens: reasoningTokens },
    server_tool_use: null,
  };
}

function writeContent({ reasoning, text, toolCalls, finishReason }: GeneratedChoice, style: MessageStyle): MessageContentBlock[] {
  return [
    ...(reasoning === "" ? [] : [startThinking(style.showsThinking ? reasoning : "")]),
    ...(text === "" ? [] : [startText(text)]),
    ...toolCalls.map((call) => ({ ...startToolUse(call), input: readInput(call, finishReason) })),
  ];
}

export function startText(text = ""): MessageContentBlock {
  return { type: "text", text };
}

export function startThinking(thinking = ""): MessageContentBlock {
  return { type: "thinking", thinking, signature: "" };
}

export function startToolUse({ id, name }: Pick<ToolCall, "id" | "name">): Extract<MessageContentBlock, { type: "tool_use" }> {
  return { type: "tool_use", id, name, input: {}, caller: { type: "direct" } };
}

/**
 * The arguments of a call as an object; `{}` where the answer was cut in the middle of them, since half of an argument is worse than none.
 * @throws ApiError `invalid_model_output` where they are complete and no object.
 */
export function readInput({ name, arguments: text }: Pick<ToolCall, "name" | "arguments">, reason: FinishReason): Record<string, unknown> {
  if (text.trim() === "") return {};
  const input = parseObject(text);
  if (input !== undefined) return input;
  if (reason === "length" || reason === "content_filter") return {};
  throw new ApiError("invalid_model_output", `The model's arguments for the tool '${name}' are no JSON object.`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
