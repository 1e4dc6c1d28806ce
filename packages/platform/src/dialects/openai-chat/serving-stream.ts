import type { SseFrame } from "@bonfire/protocol/sse";
import type { GenerateEvent } from "../../engine/generation.ts";
import type { AnswerHead } from "../openai-serving/answer-head.ts";
import { ChoiceRecord, seedOf, writeRawOutput } from "../openai-serving/choice-record.ts";
import { type DialectTraits, TRAITS } from "../openai-serving/dialect-traits.ts";
import { encodeFrames, type FrameEncoder } from "../openai-serving/encode-frames.ts";
import { FinishChunks } from "../openai-serving/finish-chunks.ts";
import { chunkLogprobs, type PromptEvent, splitByToken, writeEchoedPrompt } from "../openai-serving/write-logprobs.ts";
import type { ChatStyle } from "./chat-style.ts";

type TextDelta = Extract<GenerateEvent, { type: "text-delta" }>;
type CallEvent = Extract<GenerateEvent, { type: "tool-call-start" | "tool-call-delta" }>;
type ChoiceEnd = Extract<GenerateEvent, { type: "choice-end" }>;

/**
 * The frames of a streamed answer, `[DONE]` included. The role-only chunk of a choice waits for its first content, so that the first
 * frame of all proves that the engine works.
 */
export function writeChatFrames(events: AsyncIterable<GenerateEvent>, head: AnswerHead, style: ChatStyle): AsyncIterable<SseFrame> {
  return encodeFrames(events, new ChatFrameEncoder(head, style));
}

/** What a chunk has beside its delta, as JSON. */
interface Beside {
  /** The delta's content, for dialects that say it twice. */
  readonly text?: string;
  readonly logprobs?: string;
  /** More fields of the choice, with a comma before each. */
  readonly extras?: string;
}

/** The envelope is built once: only the delta is serialised for each event. */
class ChatFrameEncoder implements FrameEncoder {
  readonly #style: ChatStyle;
  readonly #traits: DialectTraits;
  readonly #envelope: string;
  readonly #finishes: FinishChunks;
  readonly #choices: ChoiceRecord[] = [];
  /** Of a delta nothing but its text is told. */
  readonly #isPlain: boolean;

  constructor(head: AnswerHead, style: ChatStyle) {
    this.#style = style;
    this.#traits = TRAITS[style.dialect];
    const { id, created, model } = head;
    const envelope = { id, object: "chat.completion.chunk", created, model, service_tier: style.serviceTier };
    this.#envelope = JSON.stringify(envelope).slice(0, -1);
    this.#finishes = new FinishChunks(this.#envelope, head, style);
    this.#isPlain = style.logprobs === undefined && !style.tokenIds && !style.rawOutput;
  }

  encode(event: GenerateEvent, frames: SseFrame[]): void {
    if (event.type === "start") return;
    if (event.type === "end") {
      this.#finishes.end(event.usage, frames);
      return;
    }
    this.#finishes.release(frames);
    switch (event.type) {
      case "prompt":
        this.#encodePrompt(event, frames);
        break;
      case "text-delta":
        this.#encodeText(event, frames);
        break;
      case "reasoning-delta": {
        this.#begin(event.choice, this.#traits.firstContent, frames);
        const text = JSON.stringify(event.text);
        const delta = this.#traits.reasoningNames.map((name) => `"${name}":${text}`).join(",");
        frames.push({ data: this.#chunk(event.choice, delta) + this.#finishes.tail });
        break;
      }
      case "tool-call-start":
      case "tool-call-delta":
        this.#encodeCall(event, frames);
        break;
      case "choice-end":
        this.#encodeEnd(event, frames);
        break;
    }
  }

  #encodeText(event: TextDelta, frames: SseFrame[]): void {
    const { choice } = event;
    if (this.#isPlain) {
      // A character may still be incomplete.
      if (event.text === "") return;
      this.#begin(choice, this.#traits.firstContent, frames);
      const text = JSON.stringify(event.text);
      frames.push({ data: this.#chunk(choice, `"content":${text}`, { text }) + this.#finishes.tail });
      return;
    }
    const tokens = this.#style.logprobs === undefined ? [] : (event.logprobs ?? []);
    const tokenIds = this.#style.tokenIds ? event.tokenIds : undefined;
    const record = this.#begin(choice, this.#traits.firstContent, frames);
    const ids = tokenIds === undefined ? "" : `,"token_ids":${JSON.stringify(tokenIds)}`;
    if (tokens.length > 0 && this.#style.logprobs === "arrays" && this.#traits.numericLogprobs) {
      const parts = splitByToken(event.text, tokens);
      for (const [index, { text, tokenId, logprob, alternatives }] of parts.entries()) {
        const written = JSON.stringify(text);
        const delta = `"content":${written}${tokenId === undefined ? "" : `,"token_id":${tokenId}`}`;
        const extras = alternatives + (index === parts.length - 1 ? ids : "");
        frames.push({ data: this.#chunk(choice, delta, { text: written, logprobs: logprob, extras }) + this.#finishes.tail });
      }
    } else if (event.text !== "" || tokens.length > 0 || ids !== "") {
      const text = JSON.stringify(event.text);
      const logprobs = chunkLogprobs(tokens, record.characters, this.#style);
      frames.push({ data: this.#chunk(choice, `"content":${text}`, { text, logprobs, extras: ids }) + this.#finishes.tail });
    }
    record.note(event);
  }

  #encodeCall(event: CallEvent, frames: SseFrame[]): void {
    this.#begin(event.choice, "null", frames);
    const isStart = event.type === "tool-call-start";
    const written = isStart ? { name: event.name, arguments: "" } : { arguments: event.arguments };
    if (this.#style.legacyFunctions) {
      // The older form has room for one call.
      if (event.call > 0) return;
      frames.push({ data: this.#chunk(event.choice, `"function_call":${JSON.stringify(written)}`) + this.#finishes.tail });
      return;
    }
    const identity = isStart ? { id: event.id, type: "function" } : {};
    const call = JSON.stringify({ index: event.call, ...identity, function: written });
    frames.push({ data: this.#chunk(event.choice, `"tool_calls":[${call}]`) + this.#finishes.tail });
  }

  #encodeEnd({ choice, reason }: ChoiceEnd, frames: SseFrame[]): void {
    const record = this.#begin(choice, this.#traits.firstContent, frames);
    const rawOutput = this.#style.rawOutput ? `,"raw_output":${JSON.stringify(writeRawOutput(record))}` : "";
    const isFunctionCall = this.#style.legacyFunctions && reason === "tool_calls";
    const finishReason = isFunctionCall ? "function_call" : reason;
    const delta = this.#traits.repeatsRole ? '"content":""' : "";
    this.#finishes.add(this.#chunk(choice, delta, { extras: rawOutput }, `"${finishReason}"`, seedOf(choice, this.#style)), frames);
  }

  /** The prompt stands in the first chunk of its choice, beside `choices`. */
  #encodePrompt(event: PromptEvent, frames: SseFrame[]): void {
    const record = this.#recordOf(event.choice);
    record.prompt = event;
    const echo = this.#style.echo ? `,"prompt":${JSON.stringify([writeEchoedPrompt(event)])}` : "";
    const ids = this.#style.tokenIds && event.tokenIds ? `,"prompt_token_ids":${JSON.stringify(event.tokenIds)}` : "";
    if (echo === "" && ids === "") return;
    record.hasBegun = true;
    frames.push({ data: this.#firstChunk(event.choice, this.#traits.firstContent) + echo + ids + this.#finishes.tail });
  }

  /** @param content of the chunk that has only the role, as JSON. */
  #begin(choice: number, content: string, frames: SseFrame[]): ChoiceRecord {
    const record = this.#recordOf(choice);
    if (record.hasBegun) return record;
    record.hasBegun = true;
    if (!this.#traits.repeatsRole) frames.push({ data: this.#firstChunk(choice, content) + this.#finishes.tail });
    return record;
  }

  #firstChunk(choice: number, content: string): string {
    return this.#chunk(choice, this.#traits.repeatsRole ? '"content":""' : `"role":"assistant","content":${content}`);
  }

  #recordOf(choice: number): ChoiceRecord {
    const known = this.#choices[choice];
    if (known !== undefined) return known;
    const record = new ChoiceRecord();
    this.#choices[choice] = record;
    return record;
  }

  /** A chunk without its tail. @param delta its fields as JSON, without the braces. */
  #chunk(
    choice: number,
    delta: string,
    { text = '""', logprobs = "null", extras = "" }: Beside = {},
    finish = "null",
    seed?: number,
  ): string {
    const { repeatsRole, tellsPromptAndSeed } = this.#traits;
    const said = repeatsRole ? `"text":${text},"delta":{"role":"assistant",${delta}}` : `"delta":{${delta}}`;
    const seeded = tellsPromptAndSeed ? `,"seed":${seed ?? null}` : "";
    return `${this.#envelope},"choices":[{"index":${choice},${said},"logprobs":${logprobs}${extras}${seeded},"finish_reason":${finish}}]`;
  }
}
