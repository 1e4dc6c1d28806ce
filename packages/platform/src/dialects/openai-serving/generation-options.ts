import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";
import type { SamplingBody } from "@bonfire/protocol/text-generation";
import type { GenerateRequest } from "../../engine/generation.ts";
import { wellFormed } from "../well-formed.ts";
import type { AnswerStyle } from "./answer-style.ts";
import { readResponseFormat } from "./request-format.ts";
import { readLogprobOptions } from "./request-logprobs.ts";
import { readServiceTier, servedTier } from "./service-tier.ts";

/** What becomes of a length that does not fit, unless the request says so (api reference 9.3). */
const OVERFLOW: Readonly<Record<Dialect, "error" | "truncate">> = { openai: "error", together: "error", fireworks: "truncate" };

/** The options that chat and text completions share; null and absent become absent. @throws ApiError that names the field at fault. */
export function readGenerationOptions(
  body: SamplingBody,
  dialect: Dialect,
  maxTokens: number | undefined,
): Omit<GenerateRequest, "prompt"> {
  const format = readResponseFormat(body.response_format, dialect);
  return {
    choices: body.n ?? 1,
    stop: (typeof body.stop === "string" ? [body.stop] : (body.stop ?? [])).map(wellFormed),
    overflow: body.context_length_exceeded_behavior ?? OVERFLOW[dialect],
    ...allPresent({
      maxTokens,
      seed: body.seed,
      temperature: body.temperature,
      topP: body.top_p,
      // vLLM's -1 and llama.cpp's 0 mean the same.
      topK: body.top_k === -1 ? 0 : body.top_k,
      minP: body.min_p,
      typicalP: body.typical_p,
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      repetitionPenalty: body.repetition_penalty,
      mirostat: readMirostat(body),
      ignoreEos: body.ignore_eos,
      format,
      tokenIds: body.return_token_ids === true || body.raw_output === true ? true : undefined,
      cacheKey: body.prompt_cache_key ?? body.user,
      user: body.user,
      serviceTier: readServiceTier(body.service_tier),
    }),
    ...readLogprobOptions(body),
    ...(body.logit_bias ? { logitBias: new Map(Object.entries(body.logit_bias).map(([id, bias]) => [Number(id), bias])) } : {}),
  };
}

/** Without a target it is not switched on (FW `mirostat_target`). */
function readMirostat({ mirostat_target, mirostat_lr }: SamplingBody): GenerateRequest["mirostat"] {
  if (mirostat_target === null || mirostat_target === undefined) return undefined;
  return { target: mirostat_target, ...present("learningRate", mirostat_lr) };
}

/** @returns undefined where the request sets no limit. @throws ApiError */
export function readMaxTokens({ max_tokens, max_completion_tokens, echo }: SamplingBody, dialect: Dialect): number | undefined {
  const hasBoth = typeof max_tokens === "number" && typeof max_completion_tokens === "number";
  if (hasBoth && dialect === "fireworks") {
    throw new ApiError("invalid_value", "'max_tokens' and 'max_completion_tokens' cannot be given together.", {
      param: "max_completion_tokens",
    });
  }
  const maxTokens = max_completion_tokens ?? max_tokens ?? undefined;
  if (maxTokens === 0 && echo !== true) {
    const param = typeof max_completion_tokens === "number" ? "max_completion_tokens" : "max_tokens";
    const message = `Invalid value for '${param}': expected a number of at least 1, or 0 together with 'echo', but got 0.`;
    throw new ApiError("invalid_value", message, { param });
  }
  return maxTokens;
}

/** How the client wants the answer written. @throws ApiError */
export function readAnswerStyle(body: SamplingBody, dialect: Dialect): AnswerStyle & { readonly stream: boolean } {
  const stream = body.stream ?? false;
  if (body.stream_options && !stream) {
    throw new ApiError("invalid_value", "'stream_options' is only allowed when 'stream' is true.", { param: "stream_options" });
  }
  const promptLogprobs = typeof body.prompt_logprobs === "number";
  if (promptLogprobs && stream) {
    throw new ApiError("invalid_value", "'prompt_logprobs' are not told in streams; set 'stream' to false.", { param: "prompt_logprobs" });
  }
  return {
    dialect,
    stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    logprobs: typeof body.logprobs === "number" ? "arrays" : body.logprobs === true ? "objects" : undefined,
    promptLogprobs,
    echo: body.echo ?? false,
    tokenIds: body.return_token_ids ?? false,
    rawOutput: body.raw_output ?? false,
    perfMetrics: body.perf_metrics_in_response ?? false,
    seed: body.seed ?? undefined,
    choicesPerPrompt: body.n ?? 1,
    ...present("serviceTier", servedTier(readServiceTier(body.service_tier))),
  };
}

/** The fields of a record that say something; null and undefined do not. */
function allPresent<Fields extends Readonly<Record<string, unknown>>>(fields: Fields): { [K in keyof Fields]?: NonNullable<Fields[K]> } {
  const said: { [K in keyof Fields]?: NonNullable<Fields[K]> } = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== null && value !== undefined) said[name] = value;
  }
  return said;
}

export function present<Key extends string, Value>(key: Key, value: Value | null | undefined): { [K in Key]?: Value } {
  const entry: { [K in Key]?: Value } = {};
  if (value !== null && value !== undefined) entry[key] = value;
  return entry;
}
