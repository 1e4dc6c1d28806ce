import type { ChoiceDelta, Chunk } from "./chunk-reader.ts";

/** What JSON writes in another way than it means, or not at all. */
const SPECIAL = /["\\\p{Cc}]/u;
/** Texts that are written in one way only, whatever the server's JSON library. */
const UNMISTAKABLE = /^[ !#-.0-[\]-~]+$/;
/** Stands for any text. */
const SAMPLE = "any text";
/** A server whose chunks differ in more than their text is not compared again and again. */
const MOST_VAIN_LESSONS = 4;

/**
 * Nearly all chunks of a stream differ in their text alone. One of them is taken apart into what stands before its text and after it; a chunk with
 * the same beginning and end, and one JSON string's content between them, means the same but for its text, and need not be parsed.
 */
export class ChunkTemplate {
  readonly #parse: (data: string) => Chunk;
  #before = "";
  #after = "";
  #choice = 0;
  #vainLessons = 0;

  /** @param parse reads a chunk by its grammar. */
  constructor(parse: (data: string) => Chunk) {
    this.#parse = parse;
  }

  /** What a chunk like the learnt one says; undefined for any other. */
  read(data: string): ChoiceDelta | undefined {
    const from = this.#before.length;
    const to = data.length - this.#after.length;
    if (from === 0 || to < from || !data.startsWith(this.#before) || !data.endsWith(this.#after)) return undefined;
    const written = data.slice(from, to);
    const text = SPECIAL.test(written) ? textOf(written) : written;
    if (text === undefined) return undefined;
    this.#vainLessons = 0;
    return { choice: this.#choice, text, reasoning: "", finishReason: "", extras: undefined };
  }

  /** @param data a chunk that was parsed. @param chunk what it means. */
  learn(data: string, { usage, deltas }: Chunk): void {
    const [delta] = deltas;
    if (this.#vainLessons >= MOST_VAIN_LESSONS || usage !== undefined || delta === undefined || deltas.length !== 1) return;
    const { choice, text, reasoning, finishReason, extras } = delta;
    if (reasoning !== "" || finishReason !== "" || extras !== undefined || !UNMISTAKABLE.test(text)) return;
    const quoted = `"${text}"`;
    const at = data.indexOf(quoted);
    if (at < 0 || data.indexOf(quoted, at + 1) >= 0) return;
    this.#vainLessons++;
    const before = data.slice(0, at + 1);
    const after = data.slice(at + 1 + text.length);
    if (!this.#isTextOf(before, after, choice)) return;
    this.#before = before;
    this.#after = after;
    this.#choice = choice;
  }

  /** Whether the text of a choice is what stands between them, and nothing else is. */
  #isTextOf(before: string, after: string, choice: number): boolean {
    const { usage, deltas } = this.#parse(before + SAMPLE + after);
    const [delta] = deltas;
    if (usage !== undefined || delta === undefined || deltas.length !== 1) return false;
    const { text, reasoning, finishReason, extras } = delta;
    return delta.choice === choice && text === SAMPLE && reasoning === "" && finishReason === "" && extras === undefined;
  }
}

/** @returns undefined for what is not the content of one JSON string. */
function textOf(written: string): string | undefined {
  try {
    const text: unknown = JSON.parse(`"${written}"`);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
