import { z } from "zod";
import { chunkLogprobs, echoedPrompt, logprobs, promptLogprobs, tokenAlternatives } from "./logprobs.ts";
import { answerExtras, choiceExtras, finishReason, samplingFields } from "./text-generation.ts";

const tokenIds = z.array(z.int().min(0)).min(1);

/** `POST /v1/completions`: one prompt or many, as text or as token ids. */
export const completionRequest = z
  .looseObject({
    ...samplingFields,
    prompt: z
      .union([z.string(), z.array(z.string()).min(1).max(128), tokenIds, z.array(tokenIds).min(1).max(128)])
      .describe("Text, token ids, or up to 128 of either; choices of prompt p have the indexes p·n to p·n + n − 1."),
    max_tokens: samplingFields.max_tokens.describe("Most tokens to generate for each choice. Default 16; 0 only together with `echo`."),
  })
  .meta({ id: "CompletionRequest" });
export type CompletionRequest = z.infer<typeof completionRequest>;

const { prompt_token_ids, ...extras } = answerExtras;
const envelope = { id: z.string(), created: z.int(), model: z.string(), ...extras, prompt: echoedPrompt.optional() };
const choice = { index: z.int(), text: z.string(), finish_reason: finishReason.nullable(), prompt_token_ids, ...choiceExtras };

export const completion = z
  .strictObject({
    ...envelope,
    object: z.enum(["text_completion", "text.completion"]),
    choices: z.array(z.strictObject({ ...choice, logprobs, prompt_logprobs: promptLogprobs.optional() })),
  })
  .meta({ id: "Completion" });
export type Completion = z.infer<typeof completion>;

/** `finish_reason` is null until the last chunk of a choice. */
export const completionChunk = z
  .strictObject({
    ...envelope,
    object: z.enum(["text_completion", "completion.chunk"]),
    choices: z.array(
      z.strictObject({
        ...choice,
        logprobs: chunkLogprobs,
        top_logprobs: tokenAlternatives,
        delta: z
          .strictObject({ role: z.literal("assistant"), content: z.string(), token_id: z.int().optional() })
          .optional()
          .describe("The text once more, for Together's clients."),
      }),
    ),
  })
  .meta({ id: "CompletionChunk" });
