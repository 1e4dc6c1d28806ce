import { z } from "zod";

const count = z.int().min(0);

/** Without `citations`, which Anthropic's own answers leave out where there are none, and the AI SDK refuses as null. */
const textBlock = z.strictObject({ type: z.literal("text"), text: z.string() });
const thinkingBlock = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string().describe("Empty: nothing needs to prove where a thought comes from."),
});
const toolUseBlock = z.strictObject({
  type: z.literal("tool_use"),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  caller: z.strictObject({ type: z.literal("direct") }),
});
const contentBlock = z.discriminatedUnion("type", [textBlock, thinkingBlock, toolUseBlock]).meta({ id: "MessageContentBlock" });
export type MessageContentBlock = z.infer<typeof contentBlock>;

const stopReason = z.enum(["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]);

const deltaUsage = {
  input_tokens: count.describe("Of the prompt, those from the cache not included."),
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count.nullable(),
  output_tokens: count,
  output_tokens_details: z.strictObject({ thinking_tokens: count }).nullable(),
  server_tool_use: z.null(),
};
const messageUsage = z
  .strictObject({
    ...deltaUsage,
    cache_creation: z.null(),
    inference_geo: z.null(),
    service_tier: z.enum(["standard", "priority"]),
    speed: z.null(),
  })
  .meta({ id: "MessageUsage" });
export type MessageUsage = z.infer<typeof messageUsage>;

const messageDelta = {
  stop_reason: stopReason.nullable(),
  stop_sequence: z.string().nullable(),
  stop_details: z.null(),
  container: z.null(),
};
export type MessageEnd = z.infer<z.ZodObject<typeof messageDelta>>;

/** The answer of `POST /v1/messages`, with every key that Anthropic's SDK declares. */
export const message = z
  .strictObject({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(contentBlock),
    ...messageDelta,
    diagnostics: z.null(),
    usage: messageUsage,
  })
  .meta({ id: "Message" });
export type Message = z.infer<typeof message>;

const contentDelta = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text_delta"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.strictObject({ type: z.literal("signature_delta"), signature: z.string() }),
  z.strictObject({ type: z.literal("input_json_delta"), partial_json: z.string() }),
]);

/** The `data` of each event of a streamed answer; `event` repeats its type. */
export const messageStreamEvent = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("message_start"), message }),
    z.strictObject({ type: z.literal("ping") }),
    z.strictObject({ type: z.literal("content_block_start"), index: count, content_block: contentBlock }),
    z.strictObject({ type: z.literal("content_block_delta"), index: count, delta: contentDelta }),
    z.strictObject({ type: z.literal("content_block_stop"), index: count }),
    z.strictObject({ type: z.literal("message_delta"), delta: z.strictObject(messageDelta), usage: z.strictObject(deltaUsage) }),
    z.strictObject({ type: z.literal("message_stop") }),
  ])
  .meta({ id: "MessageStreamEvent" });
export type MessageStreamEvent = z.infer<typeof messageStreamEvent>;

/** What a failed request answers with on these paths; also the `data` of the event `error`. */
export const messagesError = z
  .strictObject({
    type: z.literal("error"),
    error: z.strictObject({
      type: z.string(),
      message: z.string(),
      details: z.strictObject({ error_code: z.string(), param: z.string().nullable() }),
    }),
    request_id: z.string(),
  })
  .meta({ id: "MessagesError" });
export type MessagesError = z.infer<typeof messagesError>;
