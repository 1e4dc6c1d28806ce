import { z } from "zod";
import { finishReason, samplingFields, usage } from "./text-generation.ts";

const tokenIds = z.array(z.int().min(0)).min(1);

/** `POST /v1/completions`: one prompt or many, as text or as token ids. */
export const completionRequest = z
  .looseObject({
    ...samplingFields,
    prompt: z
      .union([z.string(), z.array(z.string()).min(1).max(128), tokenIds, z.array(tokenIds).min(1).max(128)])
      .describe("Text, token ids, or up to 128 of either; choices of prompt p have the indexes p·n to p·n + n − 1."),
    max_tokens: samplingFields.max_tokens.describe("Most tokens to generate for each choice. Default 16."),
  })
  .meta({ id: "CompletionRequest" });
export type CompletionRequest = z.infer<typeof completionRequest>;

/** Also the shape of each chunk of a stream, where `finish_reason` is null until the last one of a choice. */
export const completion = z
  .strictObject({
    id: z.string(),
    object: z.literal("text_completion"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.strictObject({
        text: z.string(),
        index: z.int(),
        logprobs: z.null(),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: usage.nullish(),
  })
  .meta({ id: "Completion" });
export type Completion = z.infer<typeof completion>;
