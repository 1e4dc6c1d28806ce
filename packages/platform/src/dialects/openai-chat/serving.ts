import { type ChatCompletionRequest, chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import type { Dialect } from "@bonfire/protocol/dialect";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { GenerateRequest } from "../../engine/generation.ts";
import { readFallbackModels, withModel } from "../openai-serving/fallback-models.ts";
import { CHAT_RANGES, checkRanges } from "../openai-serving/field-ranges.ts";
import { judgeFields, judgeNestedKeys } from "../openai-serving/field-table.ts";
import { present, readAnswerStyle, readGenerationOptions, readMaxTokens } from "../openai-serving/generation-options.ts";
import type { ChatStyle } from "./chat-style.ts";
import { CHAT_FIELDS } from "./fields.ts";
import { readMessages } from "./read-messages.ts";
import { readReasoning } from "./read-reasoning.ts";
import { readTools } from "./read-tools.ts";

export interface ChatCall {
  readonly model: string;
  readonly requests: readonly [GenerateRequest];
  readonly stream: boolean;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
  readonly tier?: GenerateRequest["serviceTier"];
  readonly fallbackModels?: readonly string[];
  readonly style: ChatStyle;
}

/** @throws ApiError that names the field at fault. */
export function readChatCall(sent: unknown, dialect: Dialect): ChatCall {
  const input = withModel(sent);
  const body: ChatCompletionRequest = parseRequest(chatCompletionRequest, input);
  const ignored = [
    ...judgeFields(input, CHAT_FIELDS, dialect),
    ...judgeNestedKeys(input, body, dialect),
    ...body.messages.flatMap(withoutEffect),
  ];
  checkRanges(body, CHAT_RANGES[dialect]);
  const { stream, ...style } = readAnswerStyle(body, dialect);
  const request: GenerateRequest = {
    prompt: { kind: "chat", messages: readMessages(body.messages) },
    ...readGenerationOptions(body, dialect, readMaxTokens(body, dialect)),
    ...present("tools", readTools(body)),
    ...present("reasoning", readReasoning(body)),
    ...present("templateArguments", body.chat_template_kwargs),
    ...present("truncatePrompt", body.prompt_truncate_len),
  };
  return {
    model: body.model,
    requests: [request],
    stream,
    ignored,
    ...present("tier", request.serviceTier),
    ...present("fallbackModels", readFallbackModels(body)),
    style: { ...style, legacyFunctions: Boolean(body.functions?.length) },
  };
}

/** Sources that another server cited in its answer are no part of the conversation. */
function withoutEffect(message: ChatCompletionRequest["messages"][number], index: number): string[] {
  return message.role === "assistant" && message.annotations?.length ? [`messages[${index}].annotations`] : [];
}
