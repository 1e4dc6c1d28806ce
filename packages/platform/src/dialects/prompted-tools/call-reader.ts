import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";
import { CALL_BEGIN, CALL_END } from "./marks.ts";
import { lengthBeforePartialMark, TextWithTokens, type TokenText } from "./text-with-tokens.ts";

/** What stands before the arguments of a call. */
const CALL_HEAD = /^\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*/;
/** A head that has not come to its end by then is none. */
const LONGEST_HEAD = 512;

/**
 * Turns the calls in a choice's text into events; what it says beside them keeps its tokens. @param newCallId makes the ids that the model
 * does not give.
 */
export async function* readPromptedCalls(events: AsyncIterable<GenerateEvent>, newCallId: () => string): AsyncGenerator<GenerateEvent> {
  const readers = new Map<number, CallReader>();
  for await (const event of events) {
    if (event.type !== "text-delta" && event.type !== "choice-end") {
      yield event;
      continue;
    }
    const { choice } = event;
    const reader = readers.get(choice) ?? new CallReader(choice, newCallId);
    readers.set(choice, reader);
    if (event.type === "text-delta") {
      yield* reader.read(event);
    } else {
      yield* reader.end(event.reason);
      yield reader.calls > 0 && event.reason === "stop" ? { ...event, reason: "tool_calls" } : event;
    }
  }
}

/** The state of one choice between its deltas: in its words, at the head of a call, in its arguments, or behind them. */
class CallReader {
  calls = 0;
  readonly #choice: number;
  readonly #newCallId: () => string;
  #state: "text" | "head" | "arguments" | "tail" = "text";
  /** What cannot be told yet. In a head it begins with the mark and the blank space before it, which are words if it is none. */
  readonly #held = new TextWithTokens();
  /** Length of that beginning. */
  #markEnd = 0;
  #value = new JsonValueEnd();

  constructor(choice: number, newCallId: () => string) {
    this.#choice = choice;
    this.#newCallId = newCallId;
  }

  *read(delta: TokenText): Generator<GenerateEvent> {
    this.#held.add(delta);
    for (;;) {
      const before = this.#state;
      yield* this.#step();
      if (this.#state === before) return;
    }
  }

  *end(reason: FinishReason): Generator<GenerateEvent> {
    const { length } = this.#held.text;
    if (length > 0 && this.#isAnswer(reason)) yield this.#text(length);
  }

  /** Whether what is held back at the end are words: not blank space around calls, nor the beginning of a call that the limit cut off. */
  #isAnswer(reason: FinishReason): boolean {
    const { text } = this.#held;
    if (this.#state === "head") return reason !== "length" || !/^\s*(\{|$)/.test(text.slice(this.#markEnd));
    if (this.#state !== "text") return false;
    const words = text.trim();
    if (words === "") return this.calls === 0;
    return reason !== "length" || !CALL_BEGIN.startsWith(words) || (this.calls === 0 && words.length === 1);
  }

  *#step(): Generator<GenerateEvent> {
    switch (this.#state) {
      case "text":
        yield* this.#readText();
        break;
      case "head":
        yield* this.#readHead();
        break;
      case "arguments":
        yield* this.#readArguments();
        break;
      case "tail":
        this.#readTail();
        break;
    }
  }

  *#readText(): Generator<GenerateEvent> {
    const { text } = this.#held;
    const begin = text.indexOf(CALL_BEGIN);
    // Blank space may stand before a call.
    const words = text.slice(0, begin < 0 ? lengthBeforePartialMark(text, CALL_BEGIN) : begin).trimEnd().length;
    if (words > 0) yield this.#text(words);
    if (begin < 0) return;
    this.#markEnd = begin - words + CALL_BEGIN.length;
    this.#state = "head";
  }

  *#readHead(): Generator<GenerateEvent> {
    const { text } = this.#held;
    const candidate = text.slice(this.#markEnd);
    const head = CALL_HEAD.exec(candidate);
    // What follows the colon decides whether more blank space belongs to the head.
    if (head !== null && head[0].length < candidate.length) {
      const name: unknown = JSON.parse(head[1] ?? '""');
      yield { type: "tool-call-start", choice: this.#choice, call: this.calls, id: this.#newCallId(), name: String(name) };
      this.#held.take(this.#markEnd + head[0].length);
      this.#value = new JsonValueEnd();
      this.#state = "arguments";
    } else if (candidate.length > LONGEST_HEAD || candidate.includes(CALL_END)) {
      yield this.#text(text.length);
      this.#state = "text";
    }
  }

  *#readArguments(): Generator<GenerateEvent> {
    const end = this.#value.find(this.#held.text);
    const piece = this.#held.take(end ?? this.#held.text.length).text;
    if (piece !== "") yield { type: "tool-call-delta", choice: this.#choice, call: this.calls, arguments: piece };
    if (end === undefined) return;
    this.calls++;
    this.#state = "tail";
  }

  #readTail(): void {
    const end = this.#held.text.indexOf(CALL_END);
    if (end < 0) return;
    this.#held.take(end + CALL_END.length);
    this.#state = "text";
  }

  #text(length: number): GenerateEvent {
    return { type: "text-delta", choice: this.#choice, ...this.#held.take(length) };
  }
}

/** Finds where one JSON object or array ends, across pieces. */
class JsonValueEnd {
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /** @returns the position behind its last bracket in this piece; undefined where it goes on. */
  find(piece: string): number | undefined {
    for (let position = 0; position < piece.length; position++) {
      const character = piece[position];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inString) {
        if (character === "\\") this.#isEscaped = true;
        else if (character === '"') this.#inString = false;
      } else if (character === '"') this.#inString = true;
      else if (character === "{" || character === "[") this.#depth++;
      else if (character === "}" || character === "]") {
        this.#depth--;
        if (this.#depth <= 0) return position + 1;
      }
    }
    return undefined;
  }
}
