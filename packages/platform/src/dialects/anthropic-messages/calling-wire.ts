import { z } from "zod";
import type { TokenUsage } from "../../engine/generation.ts";

/** What cannot be a count is not known; a whole answer is not lost for it. */
const count = z.int().min(0).nullish().catch(undefined);

const usageOnWire = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }).nullish().catch(undefined),
});
export type UsageOnWire = z.infer<typeof usageOnWire>;

/** A block as a whole, or as it begins. Kinds that nobody asked for have none of these fields. */
const contentBlock = z.object({
  type: z.string(),
  text: z.string().nullish(),
  thinking: z.string().nullish(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  input: z.unknown().optional(),
});
export type ContentBlock = z.infer<typeof contentBlock>;

const ending = { stop_reason: z.string().nullish(), stop_sequence: z.string().nullish() };

/** Only what is needed: a new field breaks nothing. */
export const messageStart = z.object({ message: z.object({ id: z.string().nullish(), usage: usageOnWire.nullish().catch(undefined) }) });
export const blockStart = z.object({ index: z.int().min(0), content_block: contentBlock });
export const blockDelta = z.object({
  index: z.int().min(0),
  delta: z.object({ type: z.string(), text: z.string().nullish(), thinking: z.string().nullish(), partial_json: z.string().nullish() }),
});
export const messageDelta = z.object({ delta: z.object(ending), usage: usageOnWire.nullish().catch(undefined) });
export const wholeMessage = z.object({
  id: z.string().nullish(),
  content: z.array(contentBlock),
  ...ending,
  usage: usageOnWire.nullish().catch(undefined),
});

/** Counts are cumulative, and later events need not repeat what earlier ones said. */
export function mergeUsage(known: UsageOnWire, later: UsageOnWire | null | undefined): UsageOnWire {
  const told = Object.entries(later ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...known, ...Object.fromEntries(told) };
}

/** Here tokens that are read from the cache or written to it stand beside those of the prompt; to us they are part of it. */
export function readUsage(usage: UsageOnWire): TokenUsage {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } = usage;
  const reasoningTokens = output_tokens_details?.thinking_tokens ?? undefined;
  return {
    // No prompt is empty: where 0 is said, nothing is known.
    promptTokens: (input_tokens ?? 0) + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0) || undefined,
    completionTokens: output_tokens ?? undefined,
    cachedTokens: cache_read_input_tokens ?? undefined,
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
