import { z } from "zod";
import type { GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import {
  type ChoiceDelta,
  type Chunk,
  type ChunkReader,
  choiceFields,
  chunkEnvelope,
  readExtras,
  toChunk,
} from "../openai-calling/chunk-reader.ts";
import { type AnswerReading, readGenerationStream } from "../openai-calling/generation-stream.ts";
import { readPlainChunk } from "../openai-calling/plain-chunk.ts";
import { needsEcho } from "../openai-calling/prompt-reader.ts";
import { writeGenerationOptions } from "../openai-calling/write-generation-options.ts";

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
    ...writeLogprobs(request),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** One number says how many alternatives both prompt and answer get; the tokens that come with it also tell where an echoed prompt ends. */
function writeLogprobs(request: GenerateRequest): { logprobs?: number; echo?: true } {
  const { logprobs, echo } = request;
  const sendsEcho = needsEcho(request);
  const alternatives = Math.max(logprobs?.alternatives ?? 0, echo?.logprobs?.alternatives ?? 0);
  return { ...(logprobs !== undefined || sendsEcho ? { logprobs: alternatives } : {}), ...(sendsEcho ? { echo: true } : {}) };
}

const completionChunk = chunkEnvelope.extend({
  choices: z
    .array(z.object({ ...choiceFields, text: z.string().nullish(), delta: z.object({ token_id: z.unknown().optional() }).nullish() }))
    .default([]),
});

const readCompletionChunk: ChunkReader = (json) => readPlainChunk(json, "completion") ?? readAnyChunk(json);

function readAnyChunk(json: unknown): Chunk {
  const envelope = completionChunk.parse(json);
  const deltas = envelope.choices.map((choice): ChoiceDelta => {
    const text = choice.text ?? "";
    return {
      choice: choice.index,
      text,
      reasoning: "",
      finishReason: choice.finish_reason ?? "",
      extras: readExtras({ envelope, choice, text, tokenId: choice.delta?.token_id, toolCalls: [], isRefusal: false }),
    };
  });
  return toChunk(envelope, deltas);
}

/** Decodes the `data` of server-sent events. @throws EngineError */
export function readCompletionStream(
  data: AsyncIterable<readonly string[]>,
  choices: number,
  reading?: AnswerReading,
): AsyncIterable<GenerateEvent> {
  return readGenerationStream(data, choices, { readChunk: readCompletionChunk, splitsThoughts: false }, reading);
}
