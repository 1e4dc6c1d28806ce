import { type CompletionRequest, completionRequest } from "@bonfire/protocol/completions";
import type { Dialect } from "@bonfire/protocol/dialect";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { GenerateRequest, Prompt } from "../../engine/generation.ts";
import type { AnswerStyle } from "../openai-serving/answer-style.ts";
import { readFallbackModels, withModel } from "../openai-serving/fallback-models.ts";
import { COMPLETION_RANGES, checkRanges } from "../openai-serving/field-ranges.ts";
import { judgeFields, judgeNestedKeys } from "../openai-serving/field-table.ts";
import { present, readAnswerStyle, readGenerationOptions, readMaxTokens } from "../openai-serving/generation-options.ts";
import { wellFormed } from "../well-formed.ts";
import { COMPLETION_FIELDS } from "./fields.ts";

/** OpenAI's default for text completions; the others do not tell theirs. */
const DEFAULT_MAX_TOKENS = 16;

export interface CompletionCall {
  readonly model: string;
  /** One for each prompt of the body, in order. */
  readonly requests: readonly GenerateRequest[];
  readonly stream: boolean;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
  readonly tier?: GenerateRequest["serviceTier"];
  readonly fallbackModels?: readonly string[];
  readonly style: AnswerStyle;
}

/** @throws ApiError that names the field at fault. */
export function readCompletionCall(sent: unknown, dialect: Dialect): CompletionCall {
  const input = withModel(sent);
  const body: CompletionRequest = parseRequest(completionRequest, input);
  const ignored = [...judgeFields(input, COMPLETION_FIELDS, dialect), ...judgeNestedKeys(input, body, dialect)];
  checkRanges(body, COMPLETION_RANGES[dialect]);
  const { stream, ...style } = readAnswerStyle(body, dialect);
  const options = readGenerationOptions(body, dialect, readMaxTokens(body, dialect) ?? DEFAULT_MAX_TOKENS);
  return {
    model: body.model,
    requests: readPrompts(body.prompt).map((prompt) => ({ prompt, ...options })),
    stream,
    ignored,
    ...present("tier", options.serviceTier),
    ...present("fallbackModels", readFallbackModels(body)),
    style,
  };
}

function readPrompts(prompt: CompletionRequest["prompt"]): Prompt[] {
  if (typeof prompt === "string") return [{ kind: "text", text: wellFormed(prompt) }];
  const prompts: Prompt[] = [];
  const ids: number[] = [];
  for (const item of prompt) {
    if (typeof item === "number") ids.push(item);
    else prompts.push(typeof item === "string" ? { kind: "text", text: wellFormed(item) } : { kind: "tokens", tokens: item });
  }
  return ids.length > 0 ? [{ kind: "tokens", tokens: ids }] : prompts;
}
