import type { TokenLogprob } from "../../engine/generation.ts";

/** What a text delta says of its tokens. */
interface TokensOfText {
  readonly logprobs?: readonly TokenLogprob[];
  readonly tokenIds?: readonly number[];
}

/**
 * Joins tokens with the text that they make up. A server may send tokens before their text, while a character is incomplete, and it may tell of
 * tokens that never become text, such as the marks around thoughts and calls.
 */
export class TextTokens {
  #logprobs: TokenLogprob[] = [];
  #tokenIds: number[] = [];

  add(logprobs: readonly TokenLogprob[], tokenIds: readonly number[]): void {
    this.#logprobs.push(...logprobs);
    this.#tokenIds.push(...tokenIds);
  }

  /** Forgets what turned out to be no text. */
  drop(): void {
    this.#logprobs = [];
    this.#tokenIds = [];
  }

  /** The last tokens that spell the text; all that there are, where no number of them does. */
  take(text: string): TokensOfText {
    const logprobs = lastThatSpell(this.#logprobs, text) ?? this.#logprobs;
    const tokenIds = this.#tokenIds.length === this.#logprobs.length ? lastOf(this.#tokenIds, logprobs.length) : this.#tokenIds;
    this.drop();
    return { ...(logprobs.length > 0 ? { logprobs } : {}), ...(tokenIds.length > 0 ? { tokenIds } : {}) };
  }
}

/** The tokens at the end whose texts together are `text`; undefined where none are. */
export function lastThatSpell<Token extends { readonly token: string }>(tokens: readonly Token[], text: string): Token[] | undefined {
  let rest = text;
  let first = tokens.length;
  while (rest !== "") {
    const token = tokens[first - 1]?.token;
    if (token === undefined || !rest.endsWith(token)) return undefined;
    rest = rest.slice(0, rest.length - token.length);
    first--;
  }
  return tokens.slice(first);
}

function lastOf<Value>(values: readonly Value[], count: number): Value[] {
  return values.slice(values.length - count);
}
