const OPEN = "<think>";
const CLOSE = "</think>";

export interface SplitText {
  readonly reasoning: string;
  readonly text: string;
}

const NOTHING: SplitText = { reasoning: "", text: "" };

/**
 * Tells thoughts from the answer where a server leaves them in the text: `<think>…</think>` at its very beginning. Anywhere else the tags are
 * text, and so is a closing one alone: that its opening stood in the template is known too late, when what came before is long said.
 * White space around the tags belongs to neither side.
 */
export class ThinkSplitter {
  #state: "undecided" | "thinking" | "thought" | "answering" = "undecided";
  /** What could still become a tag, or white space before one. */
  #held = "";
  #isBlank = true;

  /** True once all that follows is text. */
  get isDone(): boolean {
    return this.#state === "answering";
  }

  push(piece: string): SplitText {
    const text = this.#held + piece;
    this.#held = "";
    switch (this.#state) {
      case "undecided":
        return this.#decide(text);
      case "thinking":
        return this.#think(text);
      case "thought":
        return { reasoning: "", text: this.#answer(text) };
      case "answering":
        return { reasoning: "", text };
    }
  }

  /** What was held back. Thoughts that were not closed stay thoughts. */
  end(): SplitText {
    const held = this.#held;
    this.#held = "";
    return this.#state === "thinking" ? { reasoning: held, text: "" } : { reasoning: "", text: held };
  }

  #decide(text: string): SplitText {
    const begin = text.trimStart();
    if (begin.startsWith(OPEN)) {
      this.#state = "thinking";
      return this.#think(begin.slice(OPEN.length));
    }
    if (OPEN.startsWith(begin)) {
      this.#held = text;
      return NOTHING;
    }
    this.#state = "answering";
    return { reasoning: "", text };
  }

  #think(text: string): SplitText {
    const close = text.indexOf(CLOSE);
    if (close >= 0) {
      this.#state = "thought";
      return { reasoning: this.#thought(text.slice(0, close).trimEnd()), text: this.#answer(text.slice(close + CLOSE.length)) };
    }
    const safe = text.slice(0, text.length - partialLength(text)).trimEnd();
    this.#held = text.slice(safe.length);
    return { reasoning: this.#thought(safe), text: "" };
  }

  #thought(text: string): string {
    const thought = this.#isBlank ? text.trimStart() : text;
    if (thought !== "") this.#isBlank = false;
    return thought;
  }

  #answer(text: string): string {
    const answer = text.trimStart();
    if (answer !== "") this.#state = "answering";
    return answer;
  }
}

/** How much of the end of a text is the beginning of a closing tag. */
function partialLength(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (CLOSE.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
