import { z } from "zod";
import { ledger } from "../storage/schema.ts";

/** Of tokens or milliseconds; null is "not known", which is not zero. */
const knownCount = z.int().nonnegative().nullable();

export const attemptFacts = z.object({
  requestId: z.string(),
  accountId: z.string(),
  projectId: z.string(),
  /** Null for the operator's socket. */
  keyId: z.string().nullable(),
  /** The id that the name in the request resolved to. */
  model: z.string(),
  /** Name of the deployment: `local/HuggingFaceTB/SmolLM2-135M-Instruct`; `cache` where nobody computed it. */
  deployment: z.string(),
  /** `chat.completions`, `completions`. */
  endpoint: z.string(),
  streamed: z.boolean(),
  /** Within the request, from 1. */
  attempt: z.int32().positive(),
  /** Why it was made. Segments of earlier versions do not tell. */
  cause: z.enum(ledger.cause.enumValues).default("first"),
  /** How long the request waited for a place before it. */
  queuedMs: knownCount.default(null),
});

export const attemptResult = z.object({
  outcome: z.enum(ledger.outcome.enumValues),
  errorCode: z.string().nullable(),
  finishReason: z.string().nullable(),
  uncachedPromptTokens: knownCount,
  cachedPromptTokens: knownCount,
  completionTokens: knownCount,
  reasoningTokens: knownCount,
  usageSource: z.enum(ledger.usageSource.enumValues),
  firstTokenMs: knownCount,
  durationMs: knownCount,
});

/** What is known before a request is sent to a replica. */
export type AttemptFacts = Readonly<z.infer<typeof attemptFacts>>;
/** How it went. The four classes of tokens are disjoint: their sum is the total. */
export type AttemptResult = Readonly<z.infer<typeof attemptResult>>;
/** One line of the ledger. */
export type LedgerRow = { readonly id: string } & AttemptFacts & AttemptResult;

/** What can be said of an attempt whose end was never written. */
export const INTERRUPTED: AttemptResult = {
  outcome: "interrupted",
  errorCode: null,
  finishReason: null,
  uncachedPromptTokens: null,
  cachedPromptTokens: null,
  completionTokens: null,
  reasoningTokens: null,
  usageSource: "none",
  firstTokenMs: null,
  durationMs: null,
};

/** A number that can be no count, such as an upstream may send, is not known; times are rounded. */
export function toCount(value: number | null | undefined): number | null {
  if (value === null || value === undefined || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return null;
  return Math.round(value);
}

/** What the database takes: a row that it refuses would hold up all others. */
export function withWholeCounts(result: AttemptResult): AttemptResult {
  return {
    ...result,
    uncachedPromptTokens: toCount(result.uncachedPromptTokens),
    cachedPromptTokens: toCount(result.cachedPromptTokens),
    completionTokens: toCount(result.completionTokens),
    reasoningTokens: toCount(result.reasoningTokens),
    firstTokenMs: toCount(result.firstTokenMs),
    durationMs: toCount(result.durationMs),
  };
}

/** The same for what is known before. */
export function withWholeWait(facts: AttemptFacts): AttemptFacts {
  const queuedMs = toCount(facts.queuedMs);
  return queuedMs === facts.queuedMs ? facts : { ...facts, queuedMs };
}
