import { z } from "zod";

/** A hint for a cache that bills by it; every prompt is cached here anyway. */
const cacheControl = z.strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).nullish() }).nullish();

const textBlock = z
  .strictObject({ type: z.literal("text"), text: z.string(), cache_control: cacheControl, citations: z.array(z.unknown()).nullish() })
  .meta({ id: "MessagesTextBlock" });

const imageSource = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("base64"),
    media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
    data: z.string().min(1),
  }),
  z.strictObject({ type: z.literal("url"), url: z.string().min(1) }),
]);

const imageBlock = z
  .strictObject({
    type: z.literal("image"),
    source: imageSource,
    cache_control: cacheControl,
    transformations: z.strictObject({ oversized_image: z.literal("downsize").nullish() }).nullish(),
  })
  .meta({ id: "MessagesImageBlock" });

const toolUseBlock = z
  .strictObject({
    type: z.literal("tool_use"),
    id: z.string().min(1),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
    cache_control: cacheControl,
    caller: z.strictObject({ type: z.literal("direct") }).nullish(),
    toolset_name: z.null().optional(),
  })
  .meta({ id: "MessagesToolUseBlock" });

const toolResultBlock = z
  .strictObject({
    type: z.literal("tool_result"),
    tool_use_id: z.string().min(1),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textBlock, imageBlock]))]).nullish(),
    is_error: z.boolean().nullish(),
    cache_control: cacheControl,
    toolset_name: z.null().optional(),
  })
  .meta({ id: "MessagesToolResultBlock" });

const thinkingBlock = z
  .strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().nullish() })
  .meta({ id: "MessagesThinkingBlock" });

/** Another provider's thoughts, which nobody else can read. */
const redactedThinkingBlock = z
  .strictObject({ type: z.literal("redacted_thinking"), data: z.string() })
  .meta({ id: "MessagesRedactedThinkingBlock" });

const userBlock = z.discriminatedUnion("type", [textBlock, imageBlock, toolResultBlock]);
const assistantBlock = z.discriminatedUnion("type", [textBlock, thinkingBlock, redactedThinkingBlock, toolUseBlock]);
const textContent = z.union([z.string(), z.array(textBlock)]);

const messagesMessage = z
  .discriminatedUnion("role", [
    z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(userBlock).min(1)]) }),
    z.strictObject({ role: z.literal("assistant"), content: z.union([z.string(), z.array(assistantBlock).min(1)]) }),
    z.strictObject({ role: z.literal("system"), content: textContent }),
  ])
  .meta({ id: "MessagesMessage" });

const tool = z
  .strictObject({
    type: z.literal("custom").nullish(),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/, "1 to 128 letters, digits, underscores and dashes"),
    description: z.string().nullish(),
    input_schema: z.looseObject({ type: z.literal("object") }),
    strict: z.boolean().nullish(),
    cache_control: cacheControl,
    eager_input_streaming: z.boolean().nullish(),
    defer_loading: z.literal(false).nullish(),
    allowed_callers: z.array(z.literal("direct")).nullish(),
    input_examples: z.array(z.never()).max(0).nullish(),
  })
  .meta({ id: "MessagesTool" });

const isSerial = z.boolean().nullish().describe("At most one call in an answer.");
const toolChoice = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto"), disable_parallel_tool_use: isSerial }),
  z.strictObject({ type: z.literal("any"), disable_parallel_tool_use: isSerial }),
  z.strictObject({ type: z.literal("tool"), name: z.string(), disable_parallel_tool_use: isSerial }),
  z.strictObject({ type: z.literal("none") }),
]);

const display = z.enum(["summarized", "omitted"]).nullish();
const thinking = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1024), display }),
  z.strictObject({ type: z.literal("adaptive"), display }),
  z.strictObject({ type: z.literal("disabled") }),
]);

const jsonFormat = z.strictObject({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) });

/** What becomes part of the prompt. */
const promptFields = {
  model: z.string().min(1).describe("Id or alias of a model that `GET /v1/models` lists."),
  messages: z.array(messagesMessage).min(1).describe("The last one is not the assistant's."),
  system: textContent.nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  thinking: thinking.nullish(),
  output_config: z
    .strictObject({ effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(), format: jsonFormat.nullish() })
    .nullish(),
  output_format: jsonFormat.nullish().describe("The older name of `output_config.format`."),
};

/** `POST /v1/messages`. Fields outside this list are judged by the dialect's own table. Absent and null mean the same. */
export const messagesRequest = z
  .looseObject({
    ...promptFields,
    max_tokens: z.int().min(1).describe("Most tokens to generate, those of the thinking included."),
    stop_sequences: z.array(z.string().min(1)).max(16).nullish(),
    stream: z.boolean().nullish(),
    temperature: z.number().min(0).max(1).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().min(0).nullish(),
    metadata: z.strictObject({ user_id: z.string().nullish() }).nullish(),
    service_tier: z
      .enum(["auto", "standard_only", "priority"])
      .nullish()
      .describe("`priority`, Fireworks' word, goes before the others; passed on to upstreams that sell such classes."),
  })
  .meta({ id: "MessagesRequest" });
export type MessagesRequest = z.infer<typeof messagesRequest>;

/** `POST /v1/messages/count_tokens`. */
export const countTokensRequest = z.looseObject(promptFields).meta({ id: "CountTokensRequest" });
export type CountTokensRequest = z.infer<typeof countTokensRequest>;

export const tokenCount = z.strictObject({ input_tokens: z.int().min(0) }).meta({ id: "TokenCount" });
