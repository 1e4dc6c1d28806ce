import { z } from "zod";
import type { GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import { writeGenerationOptions } from "../generation-options.ts";
import { type ChunkReader, chunkEnvelope, readGenerationStream } from "../generation-stream.ts";

/** The body that asks an OpenAI-like server for a streamed text completion. */
export function writeCompletionBody(
  prompt: Exclude<Prompt, { kind: "chat" }>,
  request: GenerateRequest,
  model: string,
): Record<string, unknown> {
  return {
    model,
    prompt: prompt.kind === "text" ? prompt.text : prompt.tokens,
    ...writeGenerationOptions(request),
    stream: true,
    stream_options: { include_usage: true },
  };
}

const completionChunk = chunkEnvelope.extend({
  choices: z
    .array(z.object({ index: z.int().min(0).default(0), text: z.string().nullish(), finish_reason: z.string().nullish() }))
    .default([]),
});

const readCompletionChunk: ChunkReader = (json) => {
  const envelope = completionChunk.parse(json);
  const deltas = envelope.choices.map(({ index, text, finish_reason }) => ({
    choice: index,
    text: text ?? "",
    reasoning: "",
    finishReason: finish_reason ?? "",
  }));
  return { envelope, deltas };
};

/** Decodes the `data` of server-sent events. @throws EngineError */
export function readCompletionStream(data: AsyncIterable<readonly string[]>, choices: number): AsyncIterable<GenerateEvent> {
  return readGenerationStream(data, choices, readCompletionChunk);
}
