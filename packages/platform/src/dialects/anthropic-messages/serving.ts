import { ApiError } from "@bonfire/protocol/errors";
import { type CountTokensRequest, countTokensRequest, type MessagesRequest, messagesRequest } from "@bonfire/protocol/messages";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { GenerateRequest, ReasoningOptions, TokenizeRequest } from "../../engine/generation.ts";
import { judgeFields } from "../openai-serving/field-table.ts";
import { present } from "../openai-serving/generation-options.ts";
import { wellFormed } from "../well-formed.ts";
import { COUNT_FIELDS, hintsIn, MESSAGES_FIELDS } from "./fields.ts";
import { readFormat, readToolUse } from "./read-tools.ts";
import { readTurns } from "./read-turns.ts";
import type { MessageStyle } from "./write-message.ts";

/** As OpenAI's API, Anthropic's refuses what it does not know. */
const UNKNOWN_IS_REFUSED = "openai";

interface MessagesCall {
  readonly model: string;
  readonly requests: readonly [GenerateRequest];
  readonly stream: boolean;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
  readonly tier?: GenerateRequest["serviceTier"];
  readonly style: MessageStyle;
}

/** Anthropic's words, and Fireworks' own. */
const TIERS = { auto: "auto", standard_only: "default", priority: "priority" } as const satisfies Record<
  NonNullable<MessagesRequest["service_tier"]>,
  GenerateRequest["serviceTier"]
>;

/** @throws ApiError that names the field at fault. */
export function readMessagesCall(input: unknown): MessagesCall {
  const body = parseRequest(messagesRequest, input);
  const { thinking } = body;
  const tier = body.service_tier ? TIERS[body.service_tier] : undefined;
  const ignored = [...judgeFields(input, MESSAGES_FIELDS, UNKNOWN_IS_REFUSED), ...hintsIn(body)];
  if (thinking?.type === "enabled" && thinking.budget_tokens >= body.max_tokens) {
    const param = "thinking.budget_tokens";
    throw new ApiError("invalid_value", `Invalid value for '${param}': it has to be less than 'max_tokens'.`, { param });
  }
  return {
    model: body.model,
    requests: [{ ...readPrompt(body), ...readSampling(body), ...present("serviceTier", tier) }],
    stream: body.stream ?? false,
    ignored: [...new Set(ignored)],
    ...present("tier", tier),
    style: {
      showsThinking: !(thinking && "display" in thinking && thinking.display === "omitted"),
      ...(tier === "priority" ? { serviceTier: tier } : {}),
    },
  };
}

interface TokenCountCall {
  readonly model: string;
  readonly request: TokenizeRequest;
  readonly ignored: readonly string[];
}

/** @throws ApiError that names the field at fault. */
export function readTokenCountCall(input: unknown): TokenCountCall {
  const body = parseRequest(countTokensRequest, input);
  const ignored = [...judgeFields(input, COUNT_FIELDS, UNKNOWN_IS_REFUSED), ...hintsIn(body)];
  return { model: body.model, request: readPrompt(body), ignored: [...new Set(ignored)] };
}

function readPrompt(body: CountTokensRequest): Pick<GenerateRequest, "prompt" | "tools" | "format" | "reasoning"> {
  return {
    prompt: { kind: "chat", messages: readTurns(body.system, body.messages) },
    ...present("tools", readToolUse(body)),
    ...present("format", readFormat(body)),
    ...present("reasoning", readReasoning(body)),
  };
}

function readReasoning({ thinking, output_config: config }: CountTokensRequest): ReasoningOptions | undefined {
  if (!thinking && !config?.effort) return undefined;
  return {
    ...(thinking ? { enabled: thinking.type !== "disabled" } : {}),
    // Templates know no word beyond `xhigh`.
    ...(config?.effort ? { effort: config.effort === "max" ? "xhigh" : config.effort } : {}),
    ...present("budgetTokens", thinking?.type === "enabled" ? thinking.budget_tokens : undefined),
  };
}

function readSampling(body: MessagesRequest): Omit<GenerateRequest, "prompt"> {
  return {
    choices: 1,
    maxTokens: body.max_tokens,
    stop: (body.stop_sequences ?? []).map(wellFormed),
    overflow: "truncate",
    ...present("temperature", body.temperature),
    ...present("topP", body.top_p),
    ...present("topK", body.top_k),
    ...present("user", body.metadata?.user_id),
  };
}
