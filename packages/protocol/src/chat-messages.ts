import { z } from "zod";
import { jsonObject } from "./json-object.ts";

const textPart = z.object({ type: z.literal("text"), text: z.string() }).meta({ id: "TextPart" });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() }).meta({ id: "RefusalPart" });
const imagePart = z
  .object({
    type: z.literal("image_url"),
    image_url: z.union([z.string().min(1), z.object({ url: z.string().min(1), detail: z.enum(["auto", "low", "high"]).nullish() })]),
  })
  .meta({ id: "ImagePart", description: "`https:` or `data:` URL of a picture. Only in user messages." });

/** What other APIs have, and other models understand. */
const otherPart = z
  .looseObject({
    type: z.enum([
      ...(["input_audio", "audio_url", "video_url", "file"] as const),
      ...(["input_text", "input_image", "input_file", "output_text"] as const),
      ...(["image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "search_result"] as const),
    ]),
  })
  .meta({ id: "OtherPart", description: "Known, and refused by its name." });

const contentPart = z.discriminatedUnion("type", [textPart, refusalPart, imagePart, otherPart]);
export type ContentPartBody = z.infer<typeof contentPart>;
const content = z.union([z.string(), z.array(contentPart)]);

const name = z.string().nullish();
/** What OpenAI's SDKs read out of an answer and leave in it. */
const readBySdk = z.unknown().optional();
const historyCall = z.object({
  name: z.string().min(1),
  arguments: z.union([z.string(), jsonObject]).describe("JSON text; an object is taken as well."),
  parsed_arguments: readBySdk,
});

/** What answers carry, so that a message can go back into the history as it came. */
const assistantMessage = z
  .object({
    role: z.literal("assistant"),
    content: content.nullish(),
    name,
    reasoning_content: z.string().nullish(),
    reasoning: z.string().nullish(),
    refusal: z.string().nullish(),
    tool_calls: z
      .array(
        z.object({
          id: z.string().min(1),
          type: z.literal("function").nullish(),
          function: historyCall,
          index: z.int().nullish(),
        }),
      )
      .nullish(),
    function_call: historyCall.nullish(),
    audio: z.looseObject({}).nullish().describe("Refused."),
    annotations: z.array(z.unknown()).nullish(),
    parsed: readBySdk,
  })
  .meta({ id: "AssistantMessage" });

const instructionMessage = (role: "system" | "developer" | "user", id: string) =>
  z.object({ role: z.literal(role), content, name }).meta({ id });

export const chatMessage = z
  .discriminatedUnion("role", [
    instructionMessage("system", "SystemMessage"),
    instructionMessage("developer", "DeveloperMessage"),
    instructionMessage("user", "UserMessage"),
    assistantMessage,
    z
      .object({ role: z.literal("tool"), content: content.nullish(), tool_call_id: z.string().min(1), name })
      .meta({ id: "ToolMessage", description: "What came of the call with that id, which an earlier message made." }),
    z
      .object({ role: z.literal("function"), content: content.nullish(), name: z.string().min(1) })
      .meta({ id: "FunctionMessage", description: "The older form: what came of the last call of that function." }),
  ])
  .meta({ id: "ChatMessage" });
export type ChatMessageBody = z.infer<typeof chatMessage>;
