import { lengthBeforePartialMark, TextWithTokens, type TokenText } from "../../dialects/prompted-tools/text-with-tokens.ts";
import type { GenerateEvent } from "../../engine/generation.ts";

export const THINK_BEGIN = "<think>";
export const THINK_END = "</think>";

/** Whether thoughts come first: certainly, because the prompt ends with the opening mark, or only if the model writes that itself. */
export type Thinking = "open" | "possible" | "none";

/** Parts thoughts from the answer, wherever the pieces are cut. Blank space beside the marks belongs to neither. */
export class ThinkSplitter {
  #state: "beginning" | "opened" | "thoughts" | "closed" | "answer";
  readonly #held = new TextWithTokens();

  constructor(thinking: Thinking) {
    this.#state = thinking === "open" ? "opened" : thinking === "possible" ? "beginning" : "answer";
  }

  get isThinking(): boolean {
    return this.#state === "opened" || this.#state === "thoughts";
  }

  /** Whether the rest is passed on as it comes. */
  get isAnswering(): boolean {
    return this.#state === "answer";
  }

  read(piece: TokenText, events: GenerateEvent[]): void {
    this.#held.add(piece);
    for (;;) {
      const before = this.#state;
      this.#step(events);
      if (this.#state === before) return;
    }
  }

  /** Hands out what was held back. */
  end(events: GenerateEvent[]): void {
    const length = this.#held.text.length;
    if (length === 0) return;
    if (this.isThinking) this.#think(length, events);
    else if (this.#state !== "closed") this.#answer(length, events);
  }

  #step(events: GenerateEvent[]): void {
    const { text } = this.#held;
    switch (this.#state) {
      case "beginning": {
        const trimmed = text.trimStart();
        if (trimmed.startsWith(THINK_BEGIN)) {
          this.#held.take(text.length - trimmed.length + THINK_BEGIN.length);
          this.#state = "opened";
        } else if (!THINK_BEGIN.startsWith(trimmed)) this.#state = "answer";
        return;
      }
      case "opened":
      case "closed": {
        const blank = text.length - text.trimStart().length;
        this.#held.take(blank);
        if (blank < text.length) this.#state = this.#state === "opened" ? "thoughts" : "answer";
        return;
      }
      case "thoughts": {
        const end = text.indexOf(THINK_END);
        this.#think(text.slice(0, end < 0 ? lengthBeforePartialMark(text, THINK_END) : end).trimEnd().length, events);
        if (end < 0) return;
        const rest = this.#held.text;
        this.#held.take(rest.indexOf(THINK_END) + THINK_END.length);
        this.#state = "closed";
        return;
      }
      case "answer":
        this.#answer(text.length, events);
    }
  }

  #think(length: number, events: GenerateEvent[]): void {
    if (length > 0) events.push({ type: "reasoning-delta", choice: 0, text: this.#held.take(length).text });
  }

  #answer(length: number, events: GenerateEvent[]): void {
    if (length > 0) events.push({ type: "text-delta", choice: 0, ...this.#held.take(length) });
  }
}
