import { z } from "zod";
import { EngineError } from "../engine/engine-error.ts";
import type { FinishReason, GenerateEvent, TokenUsage } from "../engine/generation.ts";
import { readErrorInStream } from "./openai-errors/calling.ts";

interface ChoiceDelta {
  readonly choice: number;
  readonly text: string;
  readonly reasoning: string;
  /** Empty until the last delta of the choice. */
  readonly finishReason: string;
}

/** What is particular to one format: how a parsed chunk is read. */
export type ChunkReader = (json: unknown) => { readonly envelope: z.infer<typeof chunkEnvelope>; readonly deltas: readonly ChoiceDelta[] };

/** Spellings seen on the wire. What says that the answer broke off is a failure, never a finish. */
const FINISH_REASONS: Readonly<Record<string, FinishReason | "failure">> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
  sensitive: "content_filter",
  abort: "failure",
  error: "failure",
  network_error: "failure",
};

/** What chunks of all formats have beside their choices. */
export const chunkEnvelope = z.object({
  id: z.string().nullish(),
  usage: z
    .object({
      prompt_tokens: z.int().nullish(),
      completion_tokens: z.int().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
      cached_tokens: z.int().nullish(),
    })
    .nullish(),
});

/**
 * Decodes a stream of OpenAI-like chunks. Usage may come on any chunk, cumulative or not: the last one counts. `[DONE]` may be missing,
 * a finish reason for every choice may not.
 */
export async function* readGenerationStream(
  data: AsyncIterable<string>,
  choices: number,
  readChunk: ChunkReader,
): AsyncGenerator<GenerateEvent> {
  const ended = new Set<number>();
  let started = false;
  let usage: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

  for await (const text of data) {
    if (text === "[DONE]") break;
    // Some servers keep the line alive with empty data.
    if (text === "") continue;
    const json = parseJson(text);
    const failure = readErrorInStream(json);
    if (failure !== undefined) throw failure;
    const { envelope, deltas } = readChecked(() => readChunk(json), text);
    if (!started) {
      started = true;
      yield { type: "start", upstreamId: envelope.id ?? undefined };
    }
    if (envelope.usage) usage = readUsage(envelope.usage);
    for (const { choice, text: delta, reasoning, finishReason } of deltas) {
      if (ended.has(choice)) continue;
      if (reasoning !== "") yield { type: "reasoning-delta", choice, text: reasoning };
      if (delta !== "") yield { type: "text-delta", choice, text: delta };
      if (finishReason === "") continue;
      const reason = FINISH_REASONS[finishReason] ?? "stop";
      if (reason === "failure") throw new EngineError("interrupted", `The engine ended the answer with "${finishReason}".`);
      ended.add(choice);
      yield { type: "choice-end", choice, reason };
    }
  }
  if (ended.size < choices) {
    throw new EngineError("interrupted", `The engine ended its stream after ${ended.size} of ${choices} choices were finished.`);
  }
  yield { type: "end", usage };
}

function readUsage(usage: NonNullable<z.infer<typeof chunkEnvelope>["usage"]>): TokenUsage {
  return {
    promptTokens: usage.prompt_tokens ?? undefined,
    completionTokens: usage.completion_tokens ?? undefined,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.cached_tokens ?? undefined,
  };
}

function parseJson(text: string): unknown {
  return readChecked(() => JSON.parse(text), text);
}

function readChecked<Value>(read: () => Value, text: string): Value {
  try {
    return read();
  } catch (cause) {
    throw new EngineError("bad-response", "The engine sent a chunk that cannot be read.", { upstreamBody: text.slice(0, 500), cause });
  }
}
