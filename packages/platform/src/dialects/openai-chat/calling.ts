import { z } from "zod";
import type { ChatMessage, GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import { writeGenerationOptions } from "../generation-options.ts";
import { type ChunkReader, chunkEnvelope, readGenerationStream } from "../generation-stream.ts";

/** The body that asks an OpenAI-like server for a streamed chat completion. */
export function writeChatBody(prompt: Extract<Prompt, { kind: "chat" }>, request: GenerateRequest, model: string): Record<string, unknown> {
  return {
    model,
    messages: writeMessages(prompt.messages),
    ...writeGenerationOptions(request),
    stream: true,
    stream_options: { include_usage: true },
  };
}

export function writeMessages(messages: readonly ChatMessage[]): Record<string, string>[] {
  return messages.map(({ role, content, reasoning, name }) => ({
    role,
    content,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(name === undefined ? {} : { name }),
  }));
}

/** Only what is needed: a new field of some server breaks nothing. */
const chatChunk = chunkEnvelope.extend({
  choices: z
    .array(
      z.object({
        index: z.int().min(0).default(0),
        delta: z
          .object({ content: z.string().nullish(), reasoning_content: z.string().nullish(), reasoning: z.string().nullish() })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
});

const readChatChunk: ChunkReader = (json) => {
  const envelope = chatChunk.parse(json);
  const deltas = envelope.choices.map(({ index, delta, finish_reason }) => ({
    choice: index,
    text: delta?.content ?? "",
    reasoning: delta?.reasoning_content ?? delta?.reasoning ?? "",
    finishReason: finish_reason ?? "",
  }));
  return { envelope, deltas };
};

/** Decodes the `data` of server-sent events. @throws EngineError */
export function readChatStream(data: AsyncIterable<readonly string[]>, choices: number): AsyncIterable<GenerateEvent> {
  return readGenerationStream(data, choices, readChatChunk);
}
