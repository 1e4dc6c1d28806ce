import { z } from "zod";
import { inputItem, itemId, outputItem } from "./response-items.ts";
import { askedServiceTier, serviceTier } from "./service-tiers.ts";
import { fallbackModels } from "./text-generation.ts";

/** OpenAI's limits for what applications attach to an object. */
export const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs")
  .describe("Up to 16 pairs of texts: keys of 64, values of 512 characters.");

const jsonSchema = z.record(z.string(), z.unknown());

const functionTool = z.strictObject({
  type: z.literal("function"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "a name of 1 to 64 letters, digits, underscores and dashes"),
  description: z.string().nullish(),
  parameters: jsonSchema.nullish().describe("A JSON Schema of an object."),
  strict: z.boolean().nullish(),
  allowed_callers: z
    .tuple([z.literal("direct")])
    .nullish()
    .describe("Calls come from the model alone."),
  defer_loading: z.literal(false).nullish(),
});

const functionChoice = z.strictObject({ type: z.literal("function"), name: z.string() });
const allowedTools = z.strictObject({
  type: z.literal("allowed_tools"),
  mode: z.enum(["auto", "required"]),
  tools: z.array(functionChoice).min(1),
});
const toolChoice = z.union([z.enum(["none", "auto", "required"]), z.discriminatedUnion("type", [functionChoice, allowedTools])]);

const textFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "a name of 1 to 64 letters, digits, underscores and dashes"),
    description: z.string().nullish(),
    schema: jsonSchema,
    strict: z.boolean().nullish(),
  }),
]);

/** What decides which tokens a prompt has. Absent and null mean the same: SDKs send both. */
const promptFields = {
  model: z.string().min(1).describe("Id or alias of a model that `GET /v1/models` lists."),
  input: z
    .union([z.string(), z.array(inputItem)])
    .nullish()
    .describe("A text, or items: messages, calls, their outputs, reasoning."),
  instructions: z.string().nullish().describe("A system message before everything else; not kept for later responses."),
  previous_response_id: itemId.nullish().describe("A stored response whose conversation goes on."),
  conversation: z
    .union([itemId, z.strictObject({ id: itemId })])
    .nullish()
    .describe("A stored conversation, to which input and output are added."),
  tools: z.array(functionTool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).nullish(),
      summary: z.enum(["auto", "concise", "detailed"]).nullish(),
      generate_summary: z.enum(["auto", "concise", "detailed"]).nullish(),
      context: z.literal("auto").nullish(),
      mode: z.literal("standard").nullish(),
    })
    .nullish(),
  text: z
    .strictObject({ format: textFormat.nullish(), verbosity: z.enum(["low", "medium", "high"]).nullish() })
    .nullish()
    .describe("Of the verbosities, only medium, which asks for nothing, is served."),
  truncation: z.enum(["auto", "disabled"]).nullish().describe("auto: the oldest turns are dropped where the prompt does not fit."),
};

/** OpenAI's list; apart from the log-probabilities, it is about what only built-in tools give, or about what is always here. */
const includable = z.enum([
  "message.output_text.logprobs",
  "message.input_image.image_url",
  "reasoning.encrypted_content",
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
]);

export const createResponseRequest = z
  .looseObject({
    ...promptFields,
    include: z.array(includable).nullish(),
    temperature: z.number().min(0).max(2).nullish().describe("Default 1."),
    top_p: z.number().min(0).max(1).nullish().describe("Default 1."),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    max_output_tokens: z.int().min(1).nullish(),
    max_tool_calls: z.int().min(0).nullish().describe("Counts calls of built-in tools, of which there are none."),
    metadata: metadata.nullish(),
    store: z.boolean().nullish().describe("Default true."),
    background: z.boolean().nullish().describe("Answer at once and go on without the connection."),
    stream: z.boolean().nullish(),
    stream_options: z.strictObject({ include_obfuscation: z.boolean().nullish() }).nullish().describe("Only together with `stream`."),
    user: z.string().nullish(),
    safety_identifier: z.string().nullish(),
    prompt_cache_key: z.string().nullish(),
    service_tier: askedServiceTier,
    models: fallbackModels,
  })
  .meta({ id: "CreateResponseRequest" });
export type CreateResponseRequest = z.infer<typeof createResponseRequest>;

export const countInputTokensRequest = z.looseObject(promptFields).meta({ id: "CountInputTokensRequest" });
export type CountInputTokensRequest = z.infer<typeof countInputTokensRequest>;

export const inputTokens = z
  .strictObject({ object: z.literal("response.input_tokens"), input_tokens: z.int().min(0) })
  .meta({ id: "ResponseInputTokens" });

const responseUsage = z
  .strictObject({
    input_tokens: z.int().min(0),
    input_tokens_details: z.strictObject({ cached_tokens: z.int().min(0), cache_write_tokens: z.int().min(0) }),
    output_tokens: z.int().min(0),
    output_tokens_details: z.strictObject({ reasoning_tokens: z.int().min(0) }),
    total_tokens: z.int().min(0),
  })
  .meta({ id: "ResponseUsage" });
export type ResponseUsage = z.infer<typeof responseUsage>;

const responseStatus = z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]);

/** OpenAI's list is closed; these are the ones that happen here. */
const responseError = z.strictObject({ code: z.enum(["server_error", "rate_limit_exceeded", "invalid_prompt"]), message: z.string() });
export type ResponseError = z.infer<typeof responseError>;

/** The Open Responses suite wants every key, and null only where its schema allows it. */
export const responseObject = z
  .strictObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: z.int(),
    completed_at: z.int().nullable(),
    status: responseStatus,
    error: responseError.nullable(),
    incomplete_details: z.strictObject({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
    model: z.string(),
    instructions: z.string().nullable(),
    previous_response_id: z.string().nullable(),
    conversation: z.strictObject({ id: z.string() }).nullable(),
    output: z.array(outputItem),
    usage: responseUsage.nullable(),
    tools: z.array(
      z.strictObject({
        type: z.literal("function"),
        name: z.string(),
        description: z.string().nullable(),
        parameters: jsonSchema,
        strict: z.boolean(),
      }),
    ),
    tool_choice: toolChoice,
    parallel_tool_calls: z.boolean(),
    text: z.strictObject({
      format: z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("text") }),
        z.strictObject({ type: z.literal("json_object") }),
        z.strictObject({
          type: z.literal("json_schema"),
          name: z.string(),
          description: z.string().nullable(),
          schema: jsonSchema,
          strict: z.boolean(),
        }),
      ]),
      verbosity: z.literal("medium"),
    }),
    reasoning: z.strictObject({ effort: z.string().nullable(), summary: z.null() }),
    temperature: z.number(),
    top_p: z.number(),
    presence_penalty: z.number(),
    frequency_penalty: z.number(),
    top_logprobs: z.int(),
    max_output_tokens: z.int().nullable(),
    max_tool_calls: z.int().nullable(),
    truncation: z.enum(["auto", "disabled"]),
    store: z.boolean(),
    background: z.boolean(),
    service_tier: serviceTier,
    metadata: z.record(z.string(), z.string()),
    user: z.string().nullable(),
    safety_identifier: z.string().nullable(),
    prompt_cache_key: z.string().nullable(),
  })
  .meta({ id: "Response" });
export type ResponseObject = z.infer<typeof responseObject>;

export const deletedResponse = z
  .strictObject({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) })
  .meta({ id: "DeletedResponse" });

/** Truth values in queries. */
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const unread = z.unknown().optional();

export const getResponseQuery = z.strictObject({
  stream: flag.optional().describe("The events of a background response instead of its present state."),
  starting_after: z.coerce.number().int().min(0).optional().describe("The sequence number of the last event that was seen."),
  include: unread,
  "include[]": unread,
  include_obfuscation: unread,
});
