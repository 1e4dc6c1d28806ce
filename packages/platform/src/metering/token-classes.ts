import type { TokenUsage } from "../engine/generation.ts";
import { type AttemptResult, toCount } from "./attempt.ts";

type TokenClasses = Pick<AttemptResult, "uncachedPromptTokens" | "cachedPromptTokens" | "completionTokens" | "reasoningTokens">;
type MeteredTokens = TokenClasses & Pick<AttemptResult, "usageSource">;

/** What was seen of an answer, whatever the other side says about it. */
interface Produced {
  readonly promptTokens: number | undefined;
  /** Pieces of text and of tool calls. */
  readonly answerDeltas: number;
  readonly reasoningDeltas: number;
}

/**
 * Tokens of an answer that came to its end. What the other side did not count is estimated, and then the whole is labelled so.
 * @param countedBy who gave the usage.
 */
export function meterAnswer(usage: TokenUsage, produced: Produced, countedBy: "engine" | "provider" | "cache"): MeteredTokens {
  const counted = classesOfUsage(usage);
  const seen = meterProduced(produced);
  const { uncachedPromptTokens, completionTokens } = counted;
  if (uncachedPromptTokens !== null && completionTokens !== null) return { ...counted, usageSource: countedBy };
  const prompt = uncachedPromptTokens === null ? seen : counted;
  const completion = completionTokens === null ? seen : counted;
  const isKnown = prompt.uncachedPromptTokens !== null || completion.completionTokens !== null;
  return {
    uncachedPromptTokens: prompt.uncachedPromptTokens,
    cachedPromptTokens: prompt.cachedPromptTokens,
    completionTokens: completion.completionTokens,
    reasoningTokens: completion.reasoningTokens,
    usageSource: isKnown ? "estimated" : "none",
  };
}

/** Tokens of an answer that broke off: a delta counts as one. Nothing is claimed of an answer of which nothing was seen. */
export function meterProduced({ promptTokens, answerDeltas, reasoningDeltas }: Produced): MeteredTokens {
  const prompt = toCount(promptTokens);
  const isStarted = prompt !== null || answerDeltas + reasoningDeltas > 0;
  return {
    uncachedPromptTokens: prompt,
    cachedPromptTokens: null,
    completionTokens: isStarted ? answerDeltas : null,
    reasoningTokens: isStarted ? reasoningDeltas : null,
    usageSource: isStarted ? "estimated" : "none",
  };
}

/**
 * Splits totals into disjoint classes that sum to them. Where the engine does not tell the cached part, the whole prompt stands as uncached
 * and the cached class stays unknown; so do completion and reasoning.
 */
function classesOfUsage({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: TokenUsage): TokenClasses {
  const prompt = toCount(promptTokens);
  const cached = toCount(cachedTokens);
  // No part is larger than the whole, whatever the other side claims.
  const cachedPrompt = prompt === null || cached === null ? null : Math.min(cached, prompt);
  const completion = toCount(completionTokens);
  const reasoned = toCount(reasoningTokens);
  const reasoning = completion === null || reasoned === null ? null : Math.min(reasoned, completion);
  return {
    uncachedPromptTokens: prompt === null ? null : prompt - (cachedPrompt ?? 0),
    cachedPromptTokens: cachedPrompt,
    completionTokens: completion === null ? null : completion - (reasoning ?? 0),
    reasoningTokens: reasoning,
  };
}
