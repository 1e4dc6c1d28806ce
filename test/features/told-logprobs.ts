import type { LogprobArrays, LogprobObjects } from "@bonfire/protocol/logprobs";
import type { Usage } from "@bonfire/protocol/text-generation";

export type ToldLogprobs = LogprobObjects | LogprobArrays | null;

/** Adds up the log-probabilities of chunks: lists of tokens, or one number for the text of a chunk. */
export class LogprobFold {
  #told: ToldLogprobs = null;
  #characters = 0;

  get told(): ToldLogprobs {
    return this.#told;
  }

  add(
    piece: ToldLogprobs | number,
    alternatives: Record<string, number> | undefined,
    { text, tokenId }: { readonly text: string; readonly tokenId: number | undefined },
  ): void {
    if (typeof piece === "number") {
      this.#append({
        tokens: [text],
        token_logprobs: [piece],
        top_logprobs: alternatives === undefined ? null : [alternatives],
        text_offset: [this.#characters],
        token_ids: [tokenId ?? null],
      });
    } else if (piece !== null) this.#append(piece);
    this.#characters += [...text].length;
  }

  #append(piece: LogprobObjects | LogprobArrays): void {
    const told = this.#told;
    if (told === null) {
      this.#told = piece;
    } else if ("content" in told && "content" in piece) {
      this.#told = { content: [...told.content, ...piece.content], refusal: null };
    } else if ("tokens" in told && "tokens" in piece) {
      this.#told = {
        tokens: [...told.tokens, ...piece.tokens],
        token_logprobs: [...told.token_logprobs, ...piece.token_logprobs],
        top_logprobs: told.top_logprobs && piece.top_logprobs && [...told.top_logprobs, ...piece.top_logprobs],
        text_offset: [...(told.text_offset ?? []), ...(piece.text_offset ?? [])],
        token_ids: [...(told.token_ids ?? []), ...(piece.token_ids ?? [])],
      };
    } else throw new Error("Log-probabilities change their shape.");
  }
}

/** No tokens have no log-probabilities, in whatever shape. */
export function toldLogprobs(logprobs: ToldLogprobs): ToldLogprobs {
  const tokens = logprobs === null ? [] : "content" in logprobs ? logprobs.content : logprobs.tokens;
  return tokens.length === 0 ? null : logprobs;
}

/** Counts without those that depend on what was asked before. */
export function toldUsage(
  usage: Usage | null | undefined,
): Pick<Usage, "prompt_tokens" | "completion_tokens" | "total_tokens"> | undefined {
  if (usage === null || usage === undefined) return undefined;
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens };
}
