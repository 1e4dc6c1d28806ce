import type { OutputLogprob } from "@bonfire/protocol/response-items";
import type { TokenAlternative, TokenLogprob } from "../../engine/generation.ts";

export function writeLogprobs(tokens: readonly TokenLogprob[] | undefined): OutputLogprob[] {
  return (tokens ?? []).map((token) => ({ ...writeToken(token), top_logprobs: token.alternatives.map(writeToken) }));
}

/** The bytes must be there; where the engine does not tell them, they are the text's. */
function writeToken({ token, logprob, bytes }: TokenAlternative): Omit<OutputLogprob, "top_logprobs"> {
  return { token, logprob, bytes: [...(bytes ?? Buffer.from(token))] };
}
