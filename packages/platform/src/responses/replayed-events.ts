import { z } from "zod";
import type { GenerateEvent } from "../engine/generation.ts";

const choice = z.int();
const alternative = {
  token: z.string(),
  tokenId: z.int().exactOptional(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable(),
};

/** The events that make up an answer, as they are kept: from them its stream is written again, to the letter. */
const replayedEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("text-delta"),
    choice,
    text: z.string(),
    logprobs: z.array(z.object({ ...alternative, alternatives: z.array(z.object(alternative)) })).exactOptional(),
  }),
  z.object({ type: z.literal("reasoning-delta"), choice, text: z.string() }),
  z.object({ type: z.literal("tool-call-start"), choice, call: z.int(), id: z.string(), name: z.string() }),
  z.object({ type: z.literal("tool-call-delta"), choice, call: z.int(), arguments: z.string() }),
  z.object({ type: z.literal("choice-end"), choice, reason: z.enum(["stop", "length", "tool_calls", "content_filter"]) }),
]);
const replayedEvents = z.array(replayedEvent);
type ReplayedEvent = z.infer<typeof replayedEvent>;

const KEPT: ReadonlySet<GenerateEvent["type"]> = new Set<ReplayedEvent["type"]>([
  "text-delta",
  "reasoning-delta",
  "tool-call-start",
  "tool-call-delta",
  "choice-end",
]);

/** Those that are worth keeping: the rest adds nothing to the stream. */
export function eventsToKeep(events: readonly GenerateEvent[]): readonly GenerateEvent[] {
  return events.filter(({ type }) => KEPT.has(type));
}

/** Null where nothing was kept. */
export function readKeptEvents(stored: unknown): GenerateEvent[] {
  return stored === null || stored === undefined ? [] : replayedEvents.parse(stored);
}
