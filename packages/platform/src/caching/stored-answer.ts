import { z } from "zod";
import type { GenerateEvent } from "../engine/generation.ts";

/** A complete answer, to be given again. */
export interface StoredAnswer {
  /** Name of the deployment that gave it. */
  readonly deployment: string;
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
  readonly events: readonly GenerateEvent[];
}

const choice = z.int();
const bytes = z.array(z.number()).nullable();
const alternative = z.object({ token: z.string(), tokenId: z.int().exactOptional(), logprob: z.number(), bytes });
const logprob = alternative.extend({ alternatives: z.array(alternative) });
const firstToken = z.object({ token: z.string(), tokenId: z.int().exactOptional(), logprob: z.null() });

/** What nobody told is absent in JSON, and undefined in the event. */
const usage = z
  .object({
    promptTokens: z.int().optional(),
    completionTokens: z.int().optional(),
    cachedTokens: z.int().optional(),
    reasoningTokens: z.int().optional(),
  })
  .transform(({ promptTokens, completionTokens, cachedTokens, reasoningTokens }) => ({
    promptTokens,
    completionTokens,
    cachedTokens,
    reasoningTokens,
  }));

const event = z.discriminatedUnion("type", [
  z
    .object({
      type: z.literal("start"),
      promptTokens: z.int().exactOptional(),
      unenforced: z.array(z.string()).exactOptional(),
      ignored: z.array(z.string()).exactOptional(),
    })
    // It named the request that the answer was made for, not the one that gets it again.
    .transform((start) => ({ ...start, upstreamId: undefined })),
  z.object({
    type: z.literal("prompt"),
    choice,
    text: z.string(),
    tokenIds: z.array(z.int()).exactOptional(),
    logprobs: z.array(z.union([logprob, firstToken])).exactOptional(),
  }),
  z.object({
    type: z.literal("text-delta"),
    choice,
    text: z.string(),
    logprobs: z.array(logprob).exactOptional(),
    tokenIds: z.array(z.int()).exactOptional(),
  }),
  z.object({ type: z.literal("reasoning-delta"), choice, text: z.string() }),
  z.object({ type: z.literal("tool-call-start"), choice, call: z.int(), id: z.string(), name: z.string() }),
  z.object({ type: z.literal("tool-call-delta"), choice, call: z.int(), arguments: z.string() }),
  z.object({
    type: z.literal("choice-end"),
    choice,
    reason: z.enum(["stop", "length", "tool_calls"]),
    stopSequence: z.string().exactOptional(),
  }),
  z.object({ type: z.literal("end"), usage }),
]);

const storedAnswer: z.ZodType<StoredAnswer> = z.object({ deployment: z.string(), storedAtMs: z.number(), events: z.array(event) });

export function encodeAnswer(answer: StoredAnswer): string {
  return JSON.stringify(answer);
}

/** Undefined for what is no answer of ours: then the store might as well not have it. */
export function decodeAnswer(text: string): StoredAnswer | undefined {
  try {
    return storedAnswer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
