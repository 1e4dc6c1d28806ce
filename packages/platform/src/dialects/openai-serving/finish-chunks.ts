import type { SseFrame } from "@bonfire/protocol/sse";
import type { TokenUsage } from "../../engine/generation.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { AnswerStyle } from "./answer-style.ts";
import { TRAITS } from "./dialect-traits.ts";
import { writePerfMetrics, writeUsage } from "./usage.ts";

/**
 * The end of a stream. Usage has a chunk of its own, as OpenAI has it; or it stands on the last chunk with a finish reason, which therefore
 * waits for what follows it.
 */
export class FinishChunks {
  /** What closes every other chunk. */
  readonly tail: string;
  readonly #envelope: string;
  readonly #head: AnswerHead;
  readonly #style: AnswerStyle;
  readonly #usageOnFinish: boolean;
  readonly #waits: boolean;
  #held: string | undefined;

  /** @param envelope what every chunk begins with, up to its choices. */
  constructor(envelope: string, head: AnswerHead, style: AnswerStyle) {
    this.#envelope = envelope;
    this.#head = head;
    this.#style = style;
    const { nullUsage, usageOnFinish } = TRAITS[style.dialect];
    this.tail = style.includeUsage || nullUsage ? ',"usage":null}' : "}";
    this.#usageOnFinish = usageOnFinish && !style.includeUsage;
    this.#waits = style.perfMetrics || this.#usageOnFinish;
  }

  /** @param chunk one with a finish reason, without its tail. */
  add(chunk: string, frames: SseFrame[]): void {
    this.release(frames);
    if (this.#waits) this.#held = chunk;
    else frames.push({ data: chunk + this.tail });
  }

  /** Lets go what waits, since it is not the last. */
  release(frames: SseFrame[]): void {
    if (this.#held === undefined) return;
    frames.push({ data: this.#held + this.tail });
    this.#held = undefined;
  }

  end(counts: TokenUsage, frames: SseFrame[]): void {
    const usage = writeUsage(counts);
    const written = usage && JSON.stringify(usage);
    if (this.#held !== undefined) {
      const metrics = this.#style.perfMetrics ? `,"perf_metrics":${JSON.stringify(writePerfMetrics(counts, this.#head))}` : "";
      const tail = this.#usageOnFinish && written !== undefined ? `,"usage":${written}}` : this.tail;
      frames.push({ data: this.#held + metrics + tail });
    }
    if (this.#style.includeUsage && written) frames.push({ data: `${this.#envelope},"choices":[],"usage":${written}}` });
  }
}
