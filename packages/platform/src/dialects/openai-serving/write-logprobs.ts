import type { EchoedPrompt, LogprobArrays, LogprobObjects, PromptLogprobs } from "@bonfire/protocol/logprobs";
import type { GenerateEvent, TokenAlternative, TokenLogprob } from "../../engine/generation.ts";
import type { AnswerStyle } from "./answer-style.ts";
import { type DialectTraits, TRAITS } from "./dialect-traits.ts";

export type PromptEvent = Extract<GenerateEvent, { type: "prompt" }>;
type PromptToken = NonNullable<PromptEvent["logprobs"]>[number];

/** JSON has no infinity; what cannot be is written as OpenAI and vLLM do. */
const LEAST_LOGPROB = -9_999;
const finite = (logprob: number): number => Math.max(logprob, LEAST_LOGPROB);

/** Characters are code points here, as Python's clients count them. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function writeObjects(tokens: readonly PromptToken[], offset: number, { placesTokens }: DialectTraits): LogprobObjects {
  const content: LogprobObjects["content"] = [];
  let place = offset;
  for (const token of tokens) {
    // The first token of a prompt has no probability, and this shape no way to say so.
    if (token.logprob !== null) {
      const top_logprobs = token.alternatives.map((alternative) => writeToken(alternative, placesTokens));
      content.push({ ...writeToken(token, placesTokens), top_logprobs, ...(placesTokens ? { text_offset: place } : {}) });
    }
    place += countCharacters(token.token);
  }
  return { content, refusal: null };
}

function writeToken(
  { token, logprob, bytes, tokenId }: TokenAlternative,
  withId: boolean,
): Omit<LogprobObjects["content"][number], "top_logprobs"> {
  return {
    token,
    logprob: finite(logprob),
    bytes: bytes === null ? null : [...bytes],
    ...(withId && tokenId !== undefined ? { token_id: tokenId } : {}),
  };
}

function writeLogprobArrays(tokens: readonly PromptToken[], offset: number): LogprobArrays {
  let place = offset;
  const text_offset = tokens.map(({ token }) => {
    const here = place;
    place += countCharacters(token);
    return here;
  });
  const alternatives = tokens.map(writeAlternatives);
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => (logprob === null ? null : finite(logprob))),
    top_logprobs: alternatives.every((map) => map === null) ? null : alternatives,
    text_offset,
    ...(tokens.some(({ tokenId }) => tokenId !== undefined) ? { token_ids: tokens.map(({ tokenId }) => tokenId ?? null) } : {}),
  };
}

/** By text, the token itself included; of two tokens with one text the likelier counts. Null where no alternatives were asked for. */
function writeAlternatives(token: PromptToken): Record<string, number> | null {
  if (token.logprob === null || token.alternatives.length === 0) return null;
  const byText = new Map<string, number>();
  for (const { token: text, logprob } of [...token.alternatives, token]) if (!byText.has(text)) byText.set(text, finite(logprob));
  return Object.fromEntries(byText);
}

/** In the shape that was asked for; null where none was. @param offset characters of the choice's text before these tokens. */
export function writeLogprobs(tokens: readonly PromptToken[], offset: number, style: AnswerStyle): LogprobObjects | LogprobArrays | null {
  if (style.logprobs === undefined) return null;
  return style.logprobs === "objects" ? writeObjects(tokens, offset, TRAITS[style.dialect]) : writeLogprobArrays(tokens, offset);
}

/** The same as JSON, for a chunk. */
export function chunkLogprobs(tokens: readonly PromptToken[], offset: number, style: AnswerStyle): string {
  return tokens.length === 0 ? "null" : JSON.stringify(writeLogprobs(tokens, offset, style));
}

/** A token of a delta for those who expect one number in each chunk; what is not its text is JSON. */
interface TokenPart {
  readonly text: string;
  readonly tokenId: number | undefined;
  readonly logprob: string;
  /** With a comma before it, where there are any. */
  readonly alternatives: string;
}

/** Where tokens do not make up the text, because characters are spread over them, the last one has all of it. */
export function splitByToken(text: string, tokens: readonly TokenLogprob[]): TokenPart[] {
  const isJoined = tokens.map(({ token }) => token).join("") === text;
  return tokens.map((token, index) => {
    const alternatives = writeAlternatives(token);
    return {
      text: isJoined ? token.token : index === tokens.length - 1 ? text : "",
      tokenId: token.tokenId,
      logprob: String(finite(token.logprob)),
      alternatives: alternatives === null ? "" : `,"top_logprobs":${JSON.stringify(alternatives)}`,
    };
  });
}

export function writeEchoedPrompt({ text, logprobs }: PromptEvent): EchoedPrompt[number] {
  return { text, ...(logprobs === undefined ? {} : { logprobs: writeLogprobArrays(logprobs, 0) }) };
}

/** vLLM's shape: what was likely at each token of the prompt, and the token that stands there. Its key is the id, or the text where that is unknown. */
export function writePromptLogprobs({ logprobs = [] }: PromptEvent): PromptLogprobs {
  return logprobs.map((token) => {
    if (token.logprob === null) return null;
    const entries = token.alternatives.map((alternative, index) => ({ ...alternative, rank: index + 1 }));
    const isAmong = entries.some((entry) => entry.token === token.token && entry.tokenId === token.tokenId);
    return Object.fromEntries(
      [...entries, ...(isAmong ? [] : [{ ...token, rank: undefined }])].map(({ token: text, tokenId, logprob, rank }) => [
        tokenId ?? text,
        { logprob: finite(logprob), ...(rank === undefined ? {} : { rank }), decoded_token: text },
      ]),
    );
  });
}
