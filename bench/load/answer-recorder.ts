import { EventCounter } from "./event-counter.ts";

/** One complete answer. Times of `performance.now()`. */
export interface Answer {
  readonly events: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly endedAt: number;
  /** When the first event with text in it came; the end where nothing was streamed. */
  readonly firstContentAt: number;
  /** What is wrong with the answer. */
  readonly fault: string | undefined;
}

/** The usage and `[DONE]` are in the last bytes of an answer: only these are kept. */
const TAIL_BYTES = 2_048;
const CONTENT = /"(?:content|reasoning_content|text)": ?"[^"]/;
/** Longer than a match can be cut. */
const OVERLAP_CHARACTERS = 32;

/** Notes what matters of one answer while it comes, at a few microseconds for each piece: nothing is parsed before the end. */
export class AnswerRecorder {
  #status = 0;
  #isEventStream = false;
  #events = 0;
  readonly #counter = new EventCounter();
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  #searched = "";
  #firstContentAt: number | undefined;
  /** Of the last event; undefined before the first. */
  lastEventAt: number | undefined;
  /** Between two events, since it was last set to 0. */
  longestGapMs = 0;

  head(status: number, isEventStream: boolean): void {
    this.#status = status;
    this.#isEventStream = isEventStream;
  }

  get hasContent(): boolean {
    return this.#firstContentAt !== undefined;
  }

  body(piece: Buffer): void {
    this.#tail.push(piece);
    this.#tailBytes += piece.length;
    for (let first = this.#tail[0]; first !== undefined && this.#tailBytes - first.length >= TAIL_BYTES; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
    if (!this.#isEventStream) return;
    const events = this.#counter.feed(piece);
    if (events > 0) {
      const now = performance.now();
      this.#events += events;
      if (this.lastEventAt !== undefined) this.longestGapMs = Math.max(this.longestGapMs, now - this.lastEventAt);
      this.lastEventAt = now;
    }
    if (this.#firstContentAt === undefined) this.#searchContent(piece);
  }

  end(): Answer {
    const endedAt = performance.now();
    const tail = Buffer.concat(this.#tail).toString("latin1");
    return {
      events: this.#events,
      promptTokens: lastCount(tail, /"prompt_tokens": ?(\d+)/g),
      completionTokens: lastCount(tail, /"completion_tokens": ?(\d+)/g),
      endedAt,
      firstContentAt: this.#firstContentAt ?? endedAt,
      fault: this.#fault(tail),
    };
  }

  #searchContent(piece: Buffer): void {
    const text = this.#searched + piece.toString("latin1");
    if (CONTENT.test(text)) this.#firstContentAt = performance.now();
    else this.#searched = text.slice(-OVERLAP_CHARACTERS);
  }

  #fault(tail: string): string | undefined {
    if (this.#status !== 200) return `status ${this.#status}: ${tail.slice(0, 300)}`;
    if (this.#isEventStream && !tail.includes("[DONE]")) return `a stream without its end: …${tail.slice(-300)}`;
    return undefined;
  }
}

function lastCount(tail: string, pattern: RegExp): number {
  return Number([...tail.matchAll(pattern)].at(-1)?.[1] ?? 0);
}
