import { z } from "zod";
import { finishReason, samplingFields, usage } from "./text-generation.ts";

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() }).meta({ id: "TextPart" });
const textContent = z.union([z.string(), z.array(textPart).min(1)]);
const absent = z.union([z.null(), z.array(z.never()).max(0)]).optional();

/** What answers of ours carry, so that a message can go back into the history as it came. */
const assistantMessage = z
  .strictObject({
    role: z.literal("assistant"),
    content: textContent.nullish(),
    name: z.string().nullish(),
    reasoning_content: z.string().nullish(),
    reasoning: z.string().nullish(),
    refusal: z.null().optional(),
    audio: z.null().optional(),
    function_call: z.null().optional(),
    tool_calls: absent,
    annotations: absent,
  })
  .meta({ id: "AssistantMessage" });

const instructionMessage = (role: "system" | "developer" | "user", id: string) =>
  z.strictObject({ role: z.literal(role), content: textContent, name: z.string().nullish() }).meta({ id });

export const chatMessage = z
  .discriminatedUnion("role", [
    instructionMessage("system", "SystemMessage"),
    instructionMessage("developer", "DeveloperMessage"),
    instructionMessage("user", "UserMessage"),
    assistantMessage,
  ])
  .meta({ id: "ChatMessage" });

/** `POST /v1/chat/completions`. Fields outside this list are judged by the dialect's own table. */
export const chatCompletionRequest = z
  .looseObject({
    ...samplingFields,
    messages: z.array(chatMessage).min(1),
    max_completion_tokens: z.int().min(1).nullish().describe("Most tokens to generate for each choice; wins over `max_tokens`."),
  })
  .meta({ id: "ChatCompletionRequest" });
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;

export const chatCompletion = z
  .strictObject({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        message: z.strictObject({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          refusal: z.null(),
          reasoning_content: z.string().optional(),
          reasoning: z.string().optional(),
        }),
        logprobs: z.null(),
        finish_reason: finishReason,
      }),
    ),
    usage: usage.optional(),
  })
  .meta({ id: "ChatCompletion" });
export type ChatCompletion = z.infer<typeof chatCompletion>;

export const chatCompletionChunk = z
  .strictObject({
    id: z.string(),
    object: z.literal("chat.completion.chunk"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        delta: z.strictObject({
          role: z.literal("assistant").optional(),
          content: z.string().optional(),
          reasoning_content: z.string().optional(),
          reasoning: z.string().optional(),
        }),
        logprobs: z.null(),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: usage.nullish(),
  })
  .meta({ id: "ChatCompletionChunk" });
