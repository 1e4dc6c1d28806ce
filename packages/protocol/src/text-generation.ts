import { z } from "zod";
import { responseFormat } from "./response-format.ts";
import { askedServiceTier } from "./service-tiers.ts";

const tokenCount = z.int().min(0);

/** OpenRouter's field. */
export const fallbackModels = z
  .array(z.string().min(1))
  .max(10)
  .nullish()
  .describe("Models that are tried in turn when the one before failed. Where `model` is absent, the first one stands for it.");

/** Fields that chat and text completions share, each with the widest range that a dialect has. Absent and null mean the same: SDKs send both. */
export const samplingFields = {
  model: z.string().min(1).describe("Id or alias of a model that `GET /v1/models` lists."),
  n: z.int().min(1).max(128).nullish().describe("How many choices to generate for each prompt. Default 1."),
  stop: z
    .union([z.string().min(1), z.array(z.string().min(1)).max(16)])
    .nullish()
    .describe("Up to 16 strings at which generation ends; the answer does not contain them."),
  seed: z.int().nullish().describe("Makes sampling repeatable as far as the engine allows; choice i uses seed + i."),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish().describe("Samples among so many of the likeliest tokens; 0 and -1: among all."),
  min_p: z.number().min(0).max(1).nullish(),
  typical_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().min(0).nullish().describe("1 is none."),
  mirostat_target: z.number().min(0).nullish().describe("Switches Mirostat sampling on; the entropy that it aims at."),
  mirostat_lr: z.number().min(0).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, "a token id in decimal digits"), z.number().min(-100).max(100))
    .nullish()
    .describe("Token id to bias, from -100 (never) to 100 (always)."),
  ignore_eos: z.boolean().nullish().describe("Goes on after the end of the answer, up to the limit."),
  max_tokens: tokenCount.nullish().describe("Most tokens to generate for each choice. 0 only together with `echo`."),
  max_completion_tokens: tokenCount.nullish().describe("The same; wins over `max_tokens`."),
  context_length_exceeded_behavior: z
    .enum(["error", "truncate"])
    .nullish()
    .describe(
      "When prompt and limit do not fit the context: refuse, or generate what fits. Default `error`; for Fireworks' clients `truncate`.",
    ),
  logprobs: z
    .union([z.boolean(), z.int().min(0).max(20)])
    .nullish()
    .describe("`true`: as objects, with `top_logprobs` alternatives for each token; a number: as arrays, with so many."),
  top_logprobs: z.int().min(0).max(20).nullish().describe("Only together with `logprobs`."),
  prompt_logprobs: z.int().min(0).max(20).nullish().describe("Log-probabilities of the prompt's tokens, in vLLM's shape. Not in streams."),
  echo: z.boolean().nullish().describe("Tells the prompt as the model saw it."),
  response_format: responseFormat.nullish(),
  return_token_ids: z.boolean().nullish().describe("Tells the ids of the prompt's and the answer's tokens."),
  raw_output: z.boolean().nullish().describe("Tells the prompt and the answer as the model saw and wrote them."),
  perf_metrics_in_response: z.boolean().nullish().describe("Tells how long the answer took."),
  prompt_cache_key: z.string().nullish().describe("Requests with the same key are likely to begin alike."),
  user: z.string().nullish().describe("An end user's id; passed on to upstreams."),
  service_tier: askedServiceTier,
  models: fallbackModels,
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish()
    .describe("Only together with `stream`."),
};

export type SamplingBody = z.infer<z.ZodObject<typeof samplingFields>>;

const usage = z
  .strictObject({
    prompt_tokens: tokenCount,
    completion_tokens: tokenCount,
    total_tokens: tokenCount,
    prompt_tokens_details: z.strictObject({ cached_tokens: tokenCount }).optional(),
    completion_tokens_details: z.strictObject({ reasoning_tokens: tokenCount }).optional(),
    cached_tokens: tokenCount.optional().describe("The same count where Together's clients look for it."),
  })
  .meta({ id: "Usage" });
export type Usage = z.infer<typeof usage>;

/** Why a choice ended, on the wire. `eos`: Together's word for a natural end; `function_call`: for those who sent `functions`. */
export const finishReason = z.enum(["stop", "length", "tool_calls", "content_filter", "function_call"]);

const tokenIds = z.array(tokenCount);

/** What a choice has beside its text where the request asked for it; Fireworks' spellings. */
export const choiceExtras = {
  token_ids: tokenIds.optional(),
  seed: z.int().nullish().describe("Only for Together's clients."),
  raw_output: z
    .strictObject({
      prompt_fragments: z.array(z.string()),
      prompt_token_ids: tokenIds,
      completion: z.string(),
      completion_token_ids: tokenIds,
    })
    .optional(),
};

/** What an answer or chunk has beside its choices where the request asked for it. */
export const answerExtras = {
  usage: usage.nullish(),
  prompt_token_ids: tokenIds.optional(),
  perf_metrics: z.record(z.string(), z.number()).optional().describe("Counts, and durations in seconds."),
};
