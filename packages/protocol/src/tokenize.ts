import { z } from "zod";

const sharedFields = {
  model: z.string().min(1).describe("Id or alias."),
  return_token_strs: z.literal(false).nullish().describe("Texts of single tokens are not told: many are no whole characters."),
};

/** The fields of vLLM's endpoint; null means absent. */
export const tokenizeTextRequest = z.strictObject({
  ...sharedFields,
  prompt: z.string(),
  add_special_tokens: z.boolean().nullish().describe("Whether the tokens that models expect at the beginning come first. Default: true."),
});

export const tokenizeChatRequest = z.strictObject({
  ...sharedFields,
  messages: z.array(z.unknown()).min(1).describe("As in a chat completion."),
  tools: z.array(z.unknown()).nullish().describe("As in a chat completion."),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish().describe("As in a chat completion."),
  add_generation_prompt: z.literal(true).nullish().describe("The beginning of the answer always belongs to it, as in a chat completion."),
  continue_final_message: z.literal(false).nullish(),
  add_special_tokens: z.literal(false).nullish().describe("The model's template brings those that it wants."),
});

export const tokenizeRequest = z.union([tokenizeTextRequest, tokenizeChatRequest]).meta({ id: "TokenizeRequest" });

const tokenId = z
  .int()
  .nonnegative()
  .max(2 ** 31 - 1);

export const tokenizeAnswer = z
  .strictObject({
    count: z.int().nonnegative(),
    max_model_len: z.int().nullable().describe("Tokens of prompt and answer together; null where that is not known."),
    tokens: z.array(tokenId).readonly(),
  })
  .meta({ id: "TokenizeAnswer" });

export const detokenizeRequest = z.strictObject({ model: sharedFields.model, tokens: z.array(tokenId) }).meta({ id: "DetokenizeRequest" });

export const detokenizeAnswer = z.strictObject({ prompt: z.string() }).meta({ id: "DetokenizeAnswer" });
