import type { MessageContentBlock, MessageStreamEvent } from "@bonfire/protocol/message-events";
import type { SseFrame } from "@bonfire/protocol/sse";
import type { GenerateEvent } from "../../engine/generation.ts";
import {
  type MessageHead,
  type MessageStyle,
  readInput,
  startText,
  startThinking,
  startToolUse,
  writeEnd,
  writeEnvelope,
  writeUsage,
} from "./write-message.ts";

type ContentEvent = Exclude<GenerateEvent, { type: "start" | "prompt" | "end" }>;

/**
 * The frames of a streamed answer. The first of them waits for the engine's first content, which proves that it works.
 * @throws ApiError `invalid_model_output` where the arguments of a call end as no JSON object.
 */
export async function* writeMessageFrames(
  events: AsyncIterable<GenerateEvent>,
  head: MessageHead,
  style: MessageStyle,
): AsyncGenerator<SseFrame> {
  const content = new StreamedContent(style);
  let promptTokens: number | undefined;
  let begun = false;
  let end = writeEnd("stop", undefined);

  for await (const event of events) {
    if (event.type === "start") {
      promptTokens = event.promptTokens;
      continue;
    }
    if (event.type === "prompt") continue;
    if (!begun) {
      begun = true;
      yield frame({ type: "message_start", message: writeEnvelope(head, style, promptTokens) });
      yield frame({ type: "ping" });
    }
    if (event.type === "end") {
      yield frame({ type: "message_delta", delta: end, usage: writeUsage(event.usage, promptTokens) });
      yield frame({ type: "message_stop" });
      continue;
    }
    for (const next of content.add(event)) yield next;
    if (event.type === "choice-end") end = writeEnd(event.reason, event.stopSequence);
  }
}

/** Deltas in blocks: one is open at a time, and what is of another kind closes it. */
class StreamedContent {
  readonly #style: MessageStyle;
  readonly #calls: { readonly name: string; arguments: string }[] = [];
  #open: MessageContentBlock["type"] | undefined;
  /** Of the open block, or of the last one. */
  #index = -1;

  constructor(style: MessageStyle) {
    this.#style = style;
  }

  /** The frames that an event becomes. */
  add(event: ContentEvent): SseFrame[] {
    switch (event.type) {
      case "text-delta":
        if (event.text === "") return [];
        return [...(this.#open === "text" ? [] : this.#start(startText())), this.#delta("text_delta", "text", event.text)];
      case "reasoning-delta": {
        if (event.text === "") return [];
        const started = this.#open === "thinking" ? [] : this.#start(startThinking());
        return this.#style.showsThinking ? [...started, this.#delta("thinking_delta", "thinking", event.text)] : started;
      }
      case "tool-call-start":
        this.#calls.push({ name: event.name, arguments: "" });
        return this.#start(startToolUse(event));
      case "tool-call-delta":
        return this.#continueCall(event.arguments);
      case "choice-end":
        for (const call of this.#calls) readInput(call, event.reason);
        return this.#stop();
    }
  }

  #continueCall(piece: string): SseFrame[] {
    const call = this.#calls.at(-1);
    if (call === undefined || piece === "") return [];
    call.arguments += piece;
    return [this.#delta("input_json_delta", "partial_json", piece)];
  }

  #start(block: MessageContentBlock): SseFrame[] {
    const stopped = this.#stop();
    this.#open = block.type;
    this.#index++;
    return [...stopped, frame({ type: "content_block_start", index: this.#index, content_block: block })];
  }

  #stop(): SseFrame[] {
    if (this.#open === undefined) return [];
    const signature = this.#open === "thinking" ? [this.#delta("signature_delta", "signature", "")] : [];
    this.#open = undefined;
    return [...signature, frame({ type: "content_block_stop", index: this.#index })];
  }

  /** Only the text is serialised: this is written for every token. */
  #delta(type: string, key: string, text: string): SseFrame {
    return {
      event: "content_block_delta",
      data: `{"type":"content_block_delta","index":${this.#index},"delta":{"type":"${type}","${key}":${JSON.stringify(text)}}}`,
    };
  }
}

function frame(event: MessageStreamEvent): SseFrame {
  return { event: event.type, data: JSON.stringify(event) };
}
