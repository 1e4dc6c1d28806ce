import type { TokenLogprob } from "../../engine/generation.ts";

/** A piece of text with the tokens that end in it. */
export interface TokenText {
  readonly text: string;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
  readonly tokenIds?: readonly number[] | undefined;
}

interface Tokens {
  /** Where they end, from the beginning of all text. */
  readonly end: number;
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly tokenIds: readonly number[] | undefined;
}

/** Text that is held back and handed out in other pieces than it came in, each with the tokens that end in it. */
export class TextWithTokens {
  text = "";
  /** Length of what has been taken. */
  #taken = 0;
  #tokens: Tokens[] = [];

  add({ text, logprobs, tokenIds }: TokenText): void {
    this.text += text;
    if (logprobs !== undefined || tokenIds !== undefined) this.#tokens.push({ end: this.#taken + this.text.length, logprobs, tokenIds });
  }

  /** Removes the beginning. A delta's fields: absent where nothing was given. */
  take(length: number): { readonly text: string; readonly logprobs?: readonly TokenLogprob[]; readonly tokenIds?: readonly number[] } {
    const text = this.text.slice(0, length);
    this.text = this.text.slice(length);
    this.#taken += text.length;
    const [first] = this.#tokens;
    if (first === undefined) return { text };
    const count = this.#tokens.findIndex(({ end }) => end > this.#taken);
    const ended = this.#tokens.splice(0, count < 0 ? this.#tokens.length : count);
    return {
      text,
      ...(first.logprobs === undefined ? {} : { logprobs: ended.flatMap(({ logprobs }) => logprobs ?? []) }),
      ...(first.tokenIds === undefined ? {} : { tokenIds: ended.flatMap(({ tokenIds }) => tokenIds ?? []) }),
    };
  }
}

/** How much of a text can go out where a mark, of which its end may be the beginning, must not. */
export function lengthBeforePartialMark(text: string, mark: string): number {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return text.length - length;
  }
  return text.length;
}
