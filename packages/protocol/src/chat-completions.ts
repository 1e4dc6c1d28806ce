import { z } from "zod";
import { chatMessage } from "./chat-messages.ts";
import { functionCall, functionCallDelta, toolCall, toolCallDelta, toolFields } from "./chat-tools.ts";
import { jsonObject } from "./json-object.ts";
import { chunkLogprobs, echoedPrompt, logprobs, promptLogprobs, tokenAlternatives } from "./logprobs.ts";
import { serviceTier } from "./service-tiers.ts";
import { answerExtras, choiceExtras, finishReason, samplingFields } from "./text-generation.ts";

/** Request fields for models that think. */
const reasoningFields = {
  reasoning_effort: z
    .union([z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]), z.boolean(), z.int().min(1)])
    .nullish()
    .describe("A word, or as Fireworks has it whether to think at all, or most tokens to think."),
  reasoning: z.strictObject({ enabled: z.boolean().nullish() }).nullish(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1_024).nullish() }),
      z.strictObject({ type: z.literal("disabled") }),
    ])
    .nullish(),
  reasoning_history: z
    .enum(["disabled", "interleaved", "preserved"])
    .nullish()
    .describe("Which earlier thoughts the model sees: none, those since the last user message, all."),
  chat_template_kwargs: jsonObject.nullish().describe("Variables of the model's chat template."),
};

/** `POST /v1/chat/completions`. Fields outside this list are judged by the dialect's own table. */
export const chatCompletionRequest = z
  .looseObject({
    ...samplingFields,
    ...toolFields,
    ...reasoningFields,
    messages: z.array(chatMessage).min(1),
    prompt_truncate_len: z
      .int()
      .min(1)
      .nullish()
      .describe("Drops the oldest turns, never the system's, until the prompt has so many tokens."),
  })
  .meta({ id: "ChatCompletionRequest" });
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;

const envelope = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  service_tier: serviceTier.optional().describe("Where the request named one."),
  ...answerExtras,
};
const reasoningNames = { reasoning_content: z.string().optional(), reasoning: z.string().optional() };

export const chatCompletion = z
  .strictObject({
    ...envelope,
    object: z.literal("chat.completion"),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        message: z.strictObject({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          refusal: z.null(),
          ...reasoningNames,
          tool_calls: z.array(toolCall).optional(),
          function_call: functionCall,
        }),
        logprobs,
        finish_reason: finishReason,
        ...choiceExtras,
      }),
    ),
    prompt: echoedPrompt.optional(),
    prompt_logprobs: promptLogprobs.optional(),
  })
  .meta({ id: "ChatCompletion" });
export type ChatCompletion = z.infer<typeof chatCompletion>;

export const chatCompletionChunk = z
  .strictObject({
    ...envelope,
    object: z.literal("chat.completion.chunk"),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        text: z.string().optional().describe("The delta's content once more, for Together's clients."),
        delta: z.strictObject({
          role: z.literal("assistant").optional(),
          content: z.string().nullish(),
          ...reasoningNames,
          tool_calls: z.array(toolCallDelta).optional(),
          function_call: functionCallDelta,
          token_id: z.int().optional(),
        }),
        logprobs: chunkLogprobs,
        top_logprobs: tokenAlternatives,
        finish_reason: finishReason.nullable(),
        ...choiceExtras,
      }),
    ),
    prompt: echoedPrompt.optional(),
  })
  .meta({ id: "ChatCompletionChunk" });
