import { EngineError } from "../../engine/engine-error.ts";
import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";
import {
  blockDelta,
  blockStart,
  type ContentBlock,
  mergeUsage,
  messageDelta,
  messageStart,
  readUsage,
  type UsageOnWire,
  wholeMessage,
} from "./calling-wire.ts";

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

interface OpenBlock {
  readonly index: number;
  /** Of a call, its number. */
  readonly call: number | undefined;
  /** Whether anything of its arguments was said. */
  hasArguments: boolean;
}

/** The state of one message between its events. There is always one choice. */
export class MessageDecoder {
  readonly #ignored: readonly string[];
  #hasBegun = false;
  #hasEnded = false;
  #isOver = false;
  #open: OpenBlock | undefined;
  #calls = 0;
  #usage: UsageOnWire = {};

  constructor(ignored: readonly string[]) {
    this.#ignored = ignored;
  }

  /** Whether the last event has been handed out. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Adds what one event means. @throws EngineError, ZodError */
  read(json: unknown, events: GenerateEvent[]): void {
    const type = typeOf(json);
    if (type === "content_block_delta") this.#continue(json, events);
    else if (type === "content_block_start") this.#readBlock(json, events);
    else if (type === "message_start") this.#readHead(json, events);
    else if (type === "message_delta") this.#readEnding(json, events);
    else if (type === "message_stop") this.end(events);
    else if (type === "message") this.#readWhole(json, events);
  }

  /** @throws EngineError where the message is not complete. */
  end(events: GenerateEvent[]): void {
    if (!this.#hasEnded) throw new EngineError("interrupted", "The engine ended its stream before the message was finished.");
    if (this.#isOver) return;
    this.#isOver = true;
    events.push({ type: "end", usage: readUsage(this.#usage) });
  }

  #readHead(json: unknown, events: GenerateEvent[]): void {
    const { message } = messageStart.parse(json);
    this.#usage = mergeUsage(this.#usage, message.usage);
    this.#begin(message.id, events);
  }

  #readBlock(json: unknown, events: GenerateEvent[]): void {
    const { index, content_block } = blockStart.parse(json);
    this.#start(index, content_block, events);
  }

  #readEnding(json: unknown, events: GenerateEvent[]): void {
    const { delta, usage } = messageDelta.parse(json);
    this.#usage = mergeUsage(this.#usage, usage);
    this.#finish(delta.stop_reason, delta.stop_sequence, events);
  }

  #begin(id: string | null | undefined, events: GenerateEvent[]): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { promptTokens } = readUsage(this.#usage);
    events.push({
      type: "start",
      upstreamId: id ?? undefined,
      ...(promptTokens === undefined ? {} : { promptTokens }),
      ...(this.#ignored.length === 0 ? {} : { ignored: this.#ignored }),
    });
  }

  #start(index: number, block: ContentBlock, events: GenerateEvent[]): void {
    this.#begin(undefined, events);
    this.#completeCall(events);
    const isCall = block.type === "tool_use";
    this.#open = { index, call: isCall ? this.#calls : undefined, hasArguments: false };
    if (block.type === "text") this.#say("text-delta", block.text, events);
    else if (block.type === "thinking") this.#say("reasoning-delta", block.thinking, events);
    else if (isCall) this.#startCall(this.#open, block, events);
  }

  #startCall(open: OpenBlock, { id, name, input }: ContentBlock, events: GenerateEvent[]): void {
    if (!id || !name) throw new EngineError("bad-response", "The engine made a tool call without an id or a name.");
    events.push({ type: "tool-call-start", choice: 0, call: this.#calls++, id, name });
    // Empty before the pieces come; some servers give it whole.
    if (typeof input === "object" && input !== null && Object.keys(input).length > 0) this.#addInput(open, JSON.stringify(input), events);
  }

  #continue(json: unknown, events: GenerateEvent[]): void {
    const { index, delta } = blockDelta.parse(json);
    if (this.#open?.index !== index) throw new EngineError("bad-response", `The engine sent a piece of block ${index}, which is not open.`);
    if (delta.type === "text_delta") this.#say("text-delta", delta.text, events);
    else if (delta.type === "thinking_delta") this.#say("reasoning-delta", delta.thinking, events);
    else if (delta.type === "input_json_delta") this.#addInput(this.#open, delta.partial_json ?? "", events);
  }

  #say(type: "text-delta" | "reasoning-delta", text: string | null | undefined, events: GenerateEvent[]): void {
    if (text) events.push({ type, choice: 0, text });
  }

  #addInput(open: OpenBlock, piece: string, events: GenerateEvent[]): void {
    // Tools that run on the other side send such pieces as well.
    if (open.call === undefined || piece === "") return;
    open.hasArguments = true;
    events.push({ type: "tool-call-delta", choice: 0, call: open.call, arguments: piece });
  }

  /** Of a call without arguments nothing is said of them. */
  #completeCall(events: GenerateEvent[]): void {
    const open = this.#open;
    if (open?.call === undefined || open.hasArguments) return;
    this.#addInput(open, "{}", events);
  }

  #finish(said: string | null | undefined, stopSequence: string | null | undefined, events: GenerateEvent[]): void {
    if (!said || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#begin(undefined, events);
    const named = FINISH_REASONS[said] ?? "stop";
    // An answer that was cut off may have had more to say.
    if (named !== "length") this.#completeCall(events);
    const reason = named === "tool_calls" && this.#calls === 0 ? "stop" : named === "stop" && this.#calls > 0 ? "tool_calls" : named;
    const ending = { type: "choice-end", choice: 0, reason } as const;
    events.push(reason === "stop" && stopSequence ? { ...ending, stopSequence } : ending);
  }

  /** A message that was not streamed. */
  #readWhole(json: unknown, events: GenerateEvent[]): void {
    const { id, content, stop_reason, stop_sequence, usage } = wholeMessage.parse(json);
    this.#usage = mergeUsage(this.#usage, usage);
    this.#begin(id, events);
    for (const [index, block] of content.entries()) this.#start(index, block, events);
    this.#completeCall(events);
    this.#finish(stop_reason, stop_sequence, events);
    this.end(events);
  }
}

function typeOf(json: unknown): unknown {
  return typeof json === "object" && json !== null && "type" in json ? json.type : undefined;
}
