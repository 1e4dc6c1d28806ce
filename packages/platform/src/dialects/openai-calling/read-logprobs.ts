import { z } from "zod";
import type { TokenAlternative, TokenLogprob } from "../../engine/generation.ts";

/** A token of a prompt, the first of which has no probability. */
export type EchoedLogprob = TokenLogprob | { readonly token: string; readonly tokenId?: number; readonly logprob: null };

const tokenFields = {
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullish(),
  /** Fireworks' name for it, and llama.cpp's. */
  token_id: z.int().nullish(),
  id: z.int().nullish(),
};
const tokenObjects = z.object({
  content: z.array(z.object({ ...tokenFields, top_logprobs: z.array(z.object(tokenFields)).nullish() })),
});

const alternativesByToken = z.record(z.string(), z.number()).nullish();
const tokenArrays = z.object({
  tokens: z.array(z.string()),
  token_ids: z.array(z.int().nullable()).nullish(),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(alternativesByToken).nullish(),
});

/** What one choice of a chunk says beside its `logprobs`, for the shape that has no token in it. */
interface Beside {
  readonly text: string;
  readonly tokenId: number | undefined;
  readonly topLogprobs: unknown;
}

/**
 * `logprobs` of one choice, in the three shapes in use: OpenAI's objects, the arrays of text completions, and Together's one number with the
 * alternatives beside it. @throws ZodError
 */
export function readLogprobs(json: unknown, beside: Beside): readonly EchoedLogprob[] {
  if (typeof json === "number") {
    const alternatives = readAlternatives(alternativesByToken.parse(beside.topLogprobs));
    return [{ token: beside.text, ...tokenId(beside.tokenId), logprob: json, bytes: null, alternatives }];
  }
  if (typeof json !== "object" || json === null) return [];
  if ("tokens" in json && json.tokens !== null) return readArrays(tokenArrays.parse(json));
  if (!("content" in json) || json.content === null) return [];
  return tokenObjects.parse(json).content.map((entry) => ({
    ...readToken(entry),
    alternatives: (entry.top_logprobs ?? []).map(readToken),
  }));
}

function readToken(entry: z.infer<z.ZodObject<typeof tokenFields>>): TokenAlternative {
  return { token: entry.token, ...tokenId(entry.token_id ?? entry.id), logprob: entry.logprob, bytes: entry.bytes ?? null };
}

function readArrays({ tokens, token_ids, token_logprobs, top_logprobs }: z.infer<typeof tokenArrays>): EchoedLogprob[] {
  return tokens.map((token, index) => {
    const known = { token, ...tokenId(token_ids?.[index]) };
    const logprob = token_logprobs[index] ?? null;
    return logprob === null
      ? { ...known, logprob }
      : { ...known, logprob, bytes: null, alternatives: readAlternatives(top_logprobs?.[index]) };
  });
}

function readAlternatives(byToken: Readonly<Record<string, number>> | null | undefined): TokenAlternative[] {
  return Object.entries(byToken ?? {})
    .map(([token, logprob]) => ({ token, logprob, bytes: null }))
    .sort((a, b) => b.logprob - a.logprob);
}

function tokenId(id: number | null | undefined): { tokenId?: number } {
  return id === null || id === undefined ? {} : { tokenId: id };
}

/** Some servers add the token that was drawn to its alternatives, some send more of them than were asked for. */
export function withAlternatives(entry: TokenLogprob, most: number): TokenLogprob {
  return entry.alternatives.length > most ? { ...entry, alternatives: entry.alternatives.slice(0, most) } : entry;
}
