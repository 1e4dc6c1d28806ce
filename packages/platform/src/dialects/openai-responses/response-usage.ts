import type { ResponseUsage } from "@bonfire/protocol/responses";
import type { TokenUsage } from "../../engine/generation.ts";

/** Null where the engine did not count: no number is better than a false one. Details that it does not tell are zero, since they must be there. */
export function writeResponseUsage(usage: TokenUsage): ResponseUsage | null {
  const { promptTokens, completionTokens } = usage;
  if (promptTokens === undefined || completionTokens === undefined) return null;
  return {
    input_tokens: promptTokens,
    // Nothing is charged for what enters the cache.
    input_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: promptTokens + completionTokens,
  };
}
