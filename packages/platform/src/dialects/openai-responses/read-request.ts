import { ApiError } from "@bonfire/protocol/errors";
import {
  type CountInputTokensRequest,
  type CreateResponseRequest,
  countInputTokensRequest,
  createResponseRequest,
  type ResponseObject,
} from "@bonfire/protocol/responses";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { GenerateRequest, ReasoningOptions, TokenizeRequest } from "../../engine/generation.ts";
import { readFallbackModels, withModel } from "../openai-serving/fallback-models.ts";
import { type FieldTable, judgeFields } from "../openai-serving/field-table.ts";
import { readServiceTier, servedTier } from "../openai-serving/service-tier.ts";
import { wellFormed } from "../well-formed.ts";
import { COUNT_FIELDS, RESPONSE_FIELDS } from "./fields.ts";
import { type InputEntry, readInput } from "./read-items.ts";
import { echoTools, readFormat, readTools } from "./read-tools.ts";

/** What of an input comes from the request, and what from elsewhere. */
interface InputCall {
  /** As the client named it. */
  readonly model: string;
  readonly instructions: string | undefined;
  readonly input: readonly InputEntry[];
  readonly previousResponseId: string | undefined;
  readonly conversationId: string | undefined;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
}

/** What of a response is known before it is generated. */
export type ResponseEcho = Omit<
  ResponseObject,
  "id" | "created_at" | "completed_at" | "status" | "error" | "incomplete_details" | "output" | "usage"
>;

export interface ResponseCall extends InputCall {
  /** All but the prompt, which may need what is stored. */
  readonly options: Omit<GenerateRequest, "prompt">;
  readonly stream: boolean;
  readonly store: boolean;
  readonly background: boolean;
  readonly tier?: GenerateRequest["serviceTier"];
  readonly fallbackModels?: readonly string[];
  readonly echo: ResponseEcho;
}

export interface CountCall extends InputCall {
  readonly options: Omit<TokenizeRequest, "prompt">;
}

/** @throws ApiError that names the field at fault. */
export function readResponseCall(sent: unknown): ResponseCall {
  const input = withModel(sent);
  const body = parseRequest(createResponseRequest, input);
  const call = readInputCall(input, body, RESPONSE_FIELDS);
  if (call.input.length === 0 && call.previousResponseId === undefined && call.conversationId === undefined) {
    throw new ApiError("missing_required_parameter", "Missing required parameter: 'input'.", { param: "input" });
  }
  const delivery = readDelivery(body, call);
  const tier = readServiceTier(body.service_tier);
  return {
    ...call,
    ...delivery,
    ignored: [...call.ignored, ...withoutEffect(body)],
    ...present("tier", tier),
    ...present("fallbackModels", readFallbackModels(body)),
    options: {
      choices: 1,
      stop: [],
      // OpenAI's defaults, sent to the engine as well, so that what the response says is true.
      temperature: body.temperature ?? 1,
      topP: body.top_p ?? 1,
      ...present("maxTokens", body.max_output_tokens),
      ...present("presencePenalty", body.presence_penalty),
      ...present("frequencyPenalty", body.frequency_penalty),
      ...present("tools", readTools(body)),
      ...present("format", readFormat(body)),
      ...present("reasoning", readReasoning(body)),
      ...present("logprobs", readLogprobs(body)),
      ...(body.truncation === "auto" ? { truncatePrompt: "context" } : {}),
      ...present("cacheKey", body.prompt_cache_key),
      ...present("user", body.safety_identifier ?? body.user),
      ...present("serviceTier", tier),
    },
    echo: echoRequest(body, call, delivery),
  };
}

/** @throws ApiError that names the field at fault. */
export function readCountCall(input: unknown): CountCall {
  const body = parseRequest(countInputTokensRequest, input);
  const call = readInputCall(input, body, COUNT_FIELDS);
  return {
    ...call,
    options: {
      ...present("tools", readTools(body)),
      ...present("format", readFormat(body)),
      ...present("reasoning", readReasoning(body)),
    },
  };
}

function readInputCall(input: unknown, body: CountInputTokensRequest, table: FieldTable): InputCall {
  // Whoever asks: it is OpenAI's API.
  const ignored = judgeFields(input, table, "openai");
  const { conversation, text, previous_response_id: previousResponseId } = body;
  const conversationId = typeof conversation === "string" ? conversation : conversation?.id;
  if (previousResponseId && conversationId !== undefined) {
    throw new ApiError("invalid_value", "'previous_response_id' cannot be used together with 'conversation'; send one of them.", {
      param: "previous_response_id",
    });
  }
  if (text?.verbosity && text.verbosity !== "medium") {
    throw new ApiError("unsupported_parameter", `'text.verbosity' is not supported by this server; leave it out.`, {
      param: "text.verbosity",
    });
  }
  return {
    model: body.model,
    instructions: body.instructions ? wellFormed(body.instructions) : undefined,
    input: readInput(body.input, "input"),
    previousResponseId: previousResponseId ?? undefined,
    conversationId,
    ignored,
  };
}

function readDelivery(body: CreateResponseRequest, { conversationId }: InputCall): Pick<ResponseCall, "stream" | "store" | "background"> {
  const [stream, store, background] = [body.stream ?? false, body.store ?? true, body.background ?? false];
  if (body.stream_options && !stream) {
    throw new ApiError("invalid_value", "'stream_options' is only allowed when 'stream' is true.", { param: "stream_options" });
  }
  if (background && !store) {
    throw new ApiError("invalid_value", "'background' needs 'store' to be true: the response is fetched later.", { param: "store" });
  }
  if (conversationId !== undefined && !store) {
    throw new ApiError("invalid_value", "'conversation' needs 'store' to be true: input and output are added to it.", { param: "store" });
  }
  return { stream, store, background };
}

function readReasoning({ reasoning }: Pick<CreateResponseRequest, "reasoning">): ReasoningOptions | undefined {
  const effort = reasoning?.effort;
  if (!effort) return undefined;
  return effort === "none" ? { enabled: false, effort } : { effort };
}

const LOGPROBS = "message.output_text.logprobs";

function readLogprobs({ include, top_logprobs: alternatives }: CreateResponseRequest): GenerateRequest["logprobs"] {
  return alternatives || include?.includes(LOGPROBS) ? { alternatives: alternatives ?? 0 } : undefined;
}

/** Parts of served fields that cannot change the answer's tokens: summaries, padding, what only other tools would give. */
function withoutEffect(body: CreateResponseRequest): string[] {
  return [
    ...(body.include ?? []).filter((name) => name !== LOGPROBS).map((name) => `include.${name}`),
    ...(body.reasoning?.summary ? ["reasoning.summary"] : []),
    ...(body.reasoning?.generate_summary ? ["reasoning.generate_summary"] : []),
    ...(body.stream_options?.include_obfuscation ? ["stream_options.include_obfuscation"] : []),
  ];
}

function echoRequest(
  body: CreateResponseRequest,
  { model, previousResponseId, conversationId }: InputCall,
  { store, background }: Pick<ResponseCall, "store" | "background">,
): ResponseEcho {
  return {
    object: "response",
    model,
    instructions: body.instructions ?? null,
    previous_response_id: previousResponseId ?? null,
    conversation: conversationId === undefined ? null : { id: conversationId },
    ...echoTools(body),
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: body.top_logprobs ?? 0,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    truncation: body.truncation ?? "disabled",
    store,
    background,
    service_tier: servedTier(readServiceTier(body.service_tier)) ?? "default",
    metadata: body.metadata ?? {},
    user: body.user ?? null,
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
  };
}

function present<Key extends string, Value>(key: Key, value: Value | null | undefined): { [K in Key]?: Value } {
  const entry: { [K in Key]?: Value } = {};
  if (value !== null && value !== undefined) entry[key] = value;
  return entry;
}
