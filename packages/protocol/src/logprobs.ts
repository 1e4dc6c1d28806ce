import { z } from "zod";

const tokenId = z.int().min(0);
/** Natural logarithm, not below -9999. */
const logprob = z.number();
const bytes = z.array(z.int().min(0).max(255)).nullable().describe("The token's UTF-8, or null where the engine does not tell.");

const alternative = z.strictObject({ token: z.string(), logprob, bytes, token_id: tokenId.optional() });

/** OpenAI's shape for chat; Fireworks' adds the token's id and its place in the text. */
const logprobObjects = z
  .strictObject({
    content: z.array(
      z.strictObject({
        ...alternative.shape,
        top_logprobs: z.array(alternative),
        text_offset: z.int().min(0).optional().describe("In characters."),
      }),
    ),
    refusal: z.null(),
  })
  .meta({ id: "LogprobObjects" });
export type LogprobObjects = z.infer<typeof logprobObjects>;

/** OpenAI's shape for text completions; the others add ids. The first token of a prompt has null, since nothing stands before it. */
const logprobArrays = z
  .strictObject({
    tokens: z.array(z.string()),
    token_logprobs: z.array(logprob.nullable()),
    top_logprobs: z.array(z.record(z.string(), logprob).nullable()).nullable(),
    text_offset: z.array(z.int().min(0)).optional().describe("In characters."),
    token_ids: z.array(tokenId.nullable()).optional(),
  })
  .meta({ id: "LogprobArrays" });
export type LogprobArrays = z.infer<typeof logprobArrays>;

export const logprobs = z.union([logprobObjects, logprobArrays]).nullable();

/** Of a chunk: Together's clients that asked with a number get a number, one chunk for each token. */
export const chunkLogprobs = z.union([logprobObjects, logprobArrays, logprob]).nullable();
export const tokenAlternatives = z.record(z.string(), logprob).optional().describe("Beside a number in `logprobs`: the alternatives.");

/** vLLM's shape: for each token but the first, what was likely there, by token id. */
export const promptLogprobs = z.array(
  z.record(z.string(), z.strictObject({ logprob, rank: z.int().min(1).optional(), decoded_token: z.string() })).nullable(),
);
export type PromptLogprobs = z.infer<typeof promptLogprobs>;

/** The prompt as the model saw it: empty unless `echo` asks for it. */
export const echoedPrompt = z.array(z.strictObject({ text: z.string(), logprobs: logprobArrays.optional() }));
export type EchoedPrompt = z.infer<typeof echoedPrompt>;
