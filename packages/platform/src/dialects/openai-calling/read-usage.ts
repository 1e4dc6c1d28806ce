import { z } from "zod";
import type { TokenUsage } from "../../engine/generation.ts";

/** What cannot be a count is not known: an answer that is complete does not fail for it. */
const count = z.int().min(0).nullish().catch(undefined);

/** Spellings seen on the wire: OpenAI's, the top-level ones of Together and SGLang, and the names that its Responses API has. */
export const usageOnWire = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  input_tokens: count,
  output_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(undefined),
  completion_tokens_details: z.object({ reasoning_tokens: count }).nullish().catch(undefined),
  cached_tokens: count,
  reasoning_tokens: count,
});

export function readUsage(usage: z.infer<typeof usageOnWire>): TokenUsage {
  const promptTokens = usage.prompt_tokens ?? usage.input_tokens ?? undefined;
  const completionTokens = usage.completion_tokens ?? usage.output_tokens ?? undefined;
  const reasoningTokens = usage.completion_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens ?? undefined;
  // Some servers count thoughts beside the completion; the total shows it.
  const isBeside =
    completionTokens !== undefined && !!reasoningTokens && usage.total_tokens === (promptTokens ?? 0) + completionTokens + reasoningTokens;
  return {
    promptTokens,
    completionTokens: isBeside ? completionTokens + reasoningTokens : completionTokens,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.cached_tokens ?? undefined,
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
