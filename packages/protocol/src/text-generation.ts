import { z } from "zod";

/** Fields that chat and text completions share, with OpenAI's ranges. Absent and null mean the same: SDKs send both. */
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
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, "a token id in decimal digits"), z.number().min(-100).max(100))
    .nullish()
    .describe("Token id to bias, from -100 (never) to 100 (always)."),
  user: z.string().nullish().describe("An end user's id; passed on to upstreams."),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish()
    .describe("Only together with `stream`."),
  max_tokens: z.int().min(1).nullish().describe("Most tokens to generate for each choice."),
};

export const usage = z
  .strictObject({
    prompt_tokens: z.int().min(0),
    completion_tokens: z.int().min(0),
    total_tokens: z.int().min(0),
    prompt_tokens_details: z.strictObject({ cached_tokens: z.int().min(0) }).optional(),
    cached_tokens: z.int().min(0).optional().describe("The same count where Together's clients look for it."),
  })
  .meta({ id: "Usage" });
export type Usage = z.infer<typeof usage>;

/** Why a choice ended, on the wire. */
export const finishReason = z.enum(["stop", "length", "tool_calls", "content_filter"]);
