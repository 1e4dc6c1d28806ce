import type { Usage } from "@bonfire/protocol/text-generation";
import type { TokenUsage } from "../engine/generation.ts";

/** Usage on the wire, or undefined where the engine did not count: no number is better than a false one. */
export function writeUsage(usage: TokenUsage): Usage | undefined {
  if (usage.promptTokens === undefined || usage.completionTokens === undefined) return undefined;
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    ...(usage.cachedTokens === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: usage.cachedTokens }, cached_tokens: usage.cachedTokens }),
  };
}
