import type { Anthropic } from "@anthropic-ai/sdk";
import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import { type Message, message, messageStreamEvent } from "@bonfire/protocol/message-events";
import { jsonLines } from "./json-lines.ts";

type SdkMessage = Anthropic.Message;

/** What a message says, streamed or not: without ids, and without what depends on earlier requests. */
export interface ToldByMessage {
  readonly blocks: readonly { readonly type: string; readonly said: unknown; readonly name?: string }[];
  readonly stopReason: string | null;
  readonly stopSequence: string | null;
  readonly tokens: { readonly input: number; readonly output: number };
}

export function toldByMessage(json: unknown): ToldByMessage {
  return told(message.parse(json));
}

/** The same of a stream, added up by Anthropic's own SDK. */
export async function toldByMessageEvents(frames: readonly unknown[]): Promise<ToldByMessage> {
  const events = frames.map((frame) => messageStreamEvent.parse(frame)).filter(({ type }) => type !== "ping");
  return told(await MessageStream.fromReadableStream(jsonLines(events)).finalMessage());
}

function told({ content, stop_reason, stop_sequence, usage }: Message | SdkMessage): ToldByMessage {
  return {
    blocks: content.map((block) => {
      if (block.type === "tool_use") return { type: block.type, said: block.input, name: block.name };
      return { type: block.type, said: block.type === "text" ? block.text : undefined };
    }),
    stopReason: stop_reason,
    stopSequence: stop_sequence,
    tokens: { input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0), output: usage.output_tokens },
  };
}
