import { z } from "zod";
import type { TokenAlternative, TokenLogprob } from "../../engine/generation.ts";

const alternative = z.object({ id: z.int(), token: z.string(), bytes: z.array(z.int()), logprob: z.number() });
const probability = alternative.extend({ top_logprobs: z.array(alternative) });
export const probabilities = z.array(probability);
type Alternative = z.infer<typeof alternative>;

/** The server has no minus infinity in JSON. */
const LEAST_LOGPROB = -9_999;

/**
 * One token of the server's `completion_probabilities`: of its raw distribution, before grammar, bias and temperature. `text` is what the token
 * added to the answer, which the server's own `token` may lack. Of a character that took several tokens only the last one is told.
 */
export function readLogprob(
  { top_logprobs, ...own }: z.infer<typeof probability>,
  alternatives: number,
  text: string = own.token,
): TokenLogprob {
  const bytes = text === own.token ? own.bytes : [...Buffer.from(text)];
  return { ...readAlternative({ ...own, token: text, bytes }), alternatives: top_logprobs.slice(0, alternatives).map(readAlternative) };
}

function readAlternative({ id, token, bytes, logprob }: Alternative): TokenAlternative {
  return { token, tokenId: id, logprob: Math.max(logprob, LEAST_LOGPROB), bytes };
}
