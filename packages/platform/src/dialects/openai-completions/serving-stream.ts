import type { SseFrame } from "@bonfire/protocol/sse";
import type { GenerateEvent } from "../../engine/generation.ts";
import type { AnswerHead } from "../openai-serving/answer-head.ts";
import type { AnswerStyle } from "../openai-serving/answer-style.ts";
import { ChoiceRecord, seedOf, writeRawOutput } from "../openai-serving/choice-record.ts";
import { type DialectTraits, TRAITS } from "../openai-serving/dialect-traits.ts";
import { encodeFrames, type FrameEncoder } from "../openai-serving/encode-frames.ts";
import { FinishChunks } from "../openai-serving/finish-chunks.ts";
import { chunkLogprobs, type PromptEvent, splitByToken, writeEchoedPrompt } from "../openai-serving/write-logprobs.ts";

type TextDelta = Extract<GenerateEvent, { type: "text-delta" }>;

/** The frames of a streamed answer, `[DONE]` included. */
export function writeCompletionFrames(events: AsyncIterable<GenerateEvent>, head: AnswerHead, style: AnswerStyle): AsyncIterable<SseFrame> {
  return encodeFrames(events, new CompletionFrameEncoder(head, style));
}

/** What a chunk has beside its text, as JSON. */
interface Beside {
  readonly logprobs?: string;
  /** More fields of the choice, with a comma before each. */
  readonly extras?: string;
  readonly tokenId?: number | undefined;
}

/** The envelope is built once: only the text is serialised for each event. */
class CompletionFrameEncoder implements FrameEncoder {
  readonly #style: AnswerStyle;
  readonly #traits: DialectTraits;
  readonly #envelope: string;
  readonly #finishes: FinishChunks;
  readonly #choices: ChoiceRecord[] = [];
  /** Of a delta nothing but its text is told. */
  readonly #isPlain: boolean;

  constructor(head: AnswerHead, style: AnswerStyle) {
    this.#style = style;
    this.#traits = TRAITS[style.dialect];
    const object = this.#traits.completionObject.chunk;
    this.#envelope = JSON.stringify({ id: head.id, object, created: head.created, model: head.model }).slice(0, -1);
    this.#finishes = new FinishChunks(this.#envelope, head, style);
    this.#isPlain = style.logprobs === undefined && !style.tokenIds && !style.rawOutput;
  }

  encode(event: GenerateEvent, frames: SseFrame[]): void {
    switch (event.type) {
      case "prompt":
        this.#finishes.release(frames);
        this.#encodePrompt(event, frames);
        break;
      case "text-delta":
        this.#finishes.release(frames);
        this.#encodeText(event, frames);
        break;
      case "choice-end": {
        const rawOutput = this.#style.rawOutput ? `,"raw_output":${JSON.stringify(writeRawOutput(this.#recordOf(event.choice)))}` : "";
        const reason = `"${event.reason}"`;
        this.#finishes.add(this.#chunk(event.choice, '""', { extras: rawOutput }, reason, seedOf(event.choice, this.#style)), frames);
        break;
      }
      case "end":
        this.#finishes.end(event.usage, frames);
        break;
    }
  }

  #encodeText(event: TextDelta, frames: SseFrame[]): void {
    if (this.#isPlain) {
      // A character may still be incomplete.
      if (event.text !== "") frames.push({ data: this.#chunk(event.choice, JSON.stringify(event.text)) + this.#finishes.tail });
      return;
    }
    const tokens = this.#style.logprobs === undefined ? [] : (event.logprobs ?? []);
    const record = this.#recordOf(event.choice);
    const ids = this.#style.tokenIds && event.tokenIds ? `,"token_ids":${JSON.stringify(event.tokenIds)}` : "";
    if (tokens.length > 0 && this.#style.logprobs === "arrays" && this.#traits.numericLogprobs) {
      const parts = splitByToken(event.text, tokens);
      for (const [index, { text, tokenId, logprob, alternatives }] of parts.entries()) {
        const beside = { logprobs: logprob, extras: alternatives + (index === parts.length - 1 ? ids : ""), tokenId };
        frames.push({ data: this.#chunk(event.choice, JSON.stringify(text), beside) + this.#finishes.tail });
      }
    } else if (event.text !== "" || tokens.length > 0 || ids !== "") {
      const logprobs = chunkLogprobs(tokens, record.characters, this.#style);
      frames.push({ data: this.#chunk(event.choice, JSON.stringify(event.text), { logprobs, extras: ids }) + this.#finishes.tail });
    }
    record.note(event);
  }

  /** An echoed prompt is the first text of its choice, or stands beside `choices` where the dialect has a place for it. */
  #encodePrompt(event: PromptEvent, frames: SseFrame[]): void {
    const record = this.#recordOf(event.choice);
    record.prompt = event;
    const { tellsPromptAndSeed } = this.#traits;
    const extras = this.#style.tokenIds && event.tokenIds ? `,"prompt_token_ids":${JSON.stringify(event.tokenIds)}` : "";
    if (!this.#style.echo && extras === "") return;
    const isText = this.#style.echo && !tellsPromptAndSeed;
    const beside = this.#style.echo && tellsPromptAndSeed ? `,"prompt":${JSON.stringify([writeEchoedPrompt(event)])}` : "";
    const logprobs = isText ? chunkLogprobs(event.logprobs ?? [], 0, this.#style) : "null";
    frames.push({
      data: this.#chunk(event.choice, isText ? JSON.stringify(event.text) : '""', { logprobs, extras }) + beside + this.#finishes.tail,
    });
    if (isText) record.skip(event.text);
  }

  #recordOf(choice: number): ChoiceRecord {
    const known = this.#choices[choice];
    if (known !== undefined) return known;
    const record = new ChoiceRecord();
    this.#choices[choice] = record;
    return record;
  }

  /** A chunk without its tail. @param text as JSON. */
  #chunk(choice: number, text: string, { logprobs = "null", extras = "", tokenId }: Beside = {}, finish = "null", seed?: number): string {
    const { repeatsRole, tellsPromptAndSeed } = this.#traits;
    const id = tokenId === undefined ? "" : `,"token_id":${tokenId}`;
    const delta = repeatsRole ? `,"delta":{"role":"assistant","content":${text}${id}}` : "";
    const seeded = tellsPromptAndSeed ? `,"seed":${seed ?? null}` : "";
    return `${this.#envelope},"choices":[{"text":${text},"index":${choice}${delta},"logprobs":${logprobs}${extras}${seeded},"finish_reason":${finish}}]`;
  }
}
