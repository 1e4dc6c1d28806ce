import type { Usage } from "@bonfire/protocol/text-generation";
import type { TokenUsage } from "../../engine/generation.ts";
import type { AnswerHead } from "./answer-head.ts";

/** Usage on the wire, or undefined where the engine did not count: no number is better than a false one. */
export function writeUsage({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: TokenUsage): Usage | undefined {
  if (promptTokens === undefined || completionTokens === undefined) return undefined;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
    ...(cachedTokens === undefined ? {} : { cached_tokens: cachedTokens }),
  };
}

/** In Fireworks' words (FW `perf_metrics_in_response`): counts, and durations in seconds. What is not known is left out. */
export function writePerfMetrics({ promptTokens, cachedTokens }: TokenUsage, { timing }: AnswerHead): Record<string, number> {
  const { firstTokenMs, elapsedMs } = timing?.() ?? {};
  const metrics = {
    "prompt-tokens": promptTokens,
    "cached-prompt-tokens": cachedTokens,
    "server-time-to-first-token": firstTokenMs === undefined ? undefined : firstTokenMs / 1_000,
    "server-processing-time": elapsedMs === undefined ? undefined : elapsedMs / 1_000,
  };
  return Object.fromEntries(Object.entries(metrics).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
