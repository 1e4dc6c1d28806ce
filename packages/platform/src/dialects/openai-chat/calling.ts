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
import { readFunctionCallDelta, readToolCallDeltas } from "../openai-calling/tool-call-assembler.ts";
import { writeGenerationOptions } from "../openai-calling/write-generation-options.ts";
import { writeMessages } from "./write-messages.ts";
import { writeTools } from "./write-tools.ts";

export { writeMessages };

/** The body that asks an OpenAI-like server for a streamed chat completion. @throws EngineError */
export function writeChatBody(prompt: Extract<Prompt, { kind: "chat" }>, request: GenerateRequest, model: string): Record<string, unknown> {
  const { tools, logprobs } = request;
  return {
    model,
    messages: writeMessages(prompt.messages),
    ...writeGenerationOptions(request),
    ...(tools === undefined ? {} : writeTools(tools)),
    ...(logprobs === undefined ? {} : { logprobs: true, top_logprobs: logprobs.alternatives }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Only what is needed: a new field of some server breaks nothing. */
const chatChunk = chunkEnvelope.extend({
  choices: z
    .array(
      z.object({
        ...choiceFields,
        delta: z
          .object({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            reasoning: z.string().nullish(),
            tool_calls: z.unknown().optional(),
            function_call: z.unknown().optional(),
            token_id: z.unknown().optional(),
          })
          .nullish(),
      }),
    )
    .default([]),
});

const readChatChunk: ChunkReader = (json) => readPlainChunk(json, "chat") ?? readAnyChunk(json);

function readAnyChunk(json: unknown): Chunk {
  const envelope = chatChunk.parse(json);
  const deltas = envelope.choices.map((choice): ChoiceDelta => {
    const { index, delta, finish_reason } = choice;
    const text = delta?.content || delta?.refusal || "";
    return {
      choice: index,
      text,
      reasoning: delta?.reasoning_content || delta?.reasoning || "",
      finishReason: finish_reason ?? "",
      extras: readExtras({
        envelope,
        choice,
        text,
        tokenId: delta?.token_id,
        toolCalls: readCalls(delta ?? {}),
        isRefusal: !!delta?.refusal,
      }),
    };
  });
  return toChunk(envelope, deltas);
}

const NO_CALLS: ReturnType<typeof readToolCallDeltas> = [];

function readCalls(delta: { readonly tool_calls?: unknown; readonly function_call?: unknown }): ReturnType<typeof readToolCallDeltas> {
  if (delta.tool_calls) return readToolCallDeltas(delta.tool_calls);
  return delta.function_call ? readFunctionCallDelta(delta.function_call) : NO_CALLS;
}

/** Decodes the `data` of server-sent events. @throws EngineError */
export function readChatStream(
  data: AsyncIterable<readonly string[]>,
  choices: number,
  reading?: AnswerReading,
): AsyncIterable<GenerateEvent> {
  return readGenerationStream(data, choices, { readChunk: readChatChunk, splitsThoughts: true }, reading);
}
