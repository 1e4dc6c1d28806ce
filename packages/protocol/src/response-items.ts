import { z } from "zod";

/** No control characters, of which the database refuses one, and no halves of surrogate pairs. */
export const itemId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "an id without control characters");

const status = z.enum(["in_progress", "completed", "incomplete"]);
const imageDetail = z.enum(["auto", "low", "high", "original"]);

/** What clients send back of an earlier answer and nothing reads: the SDKs' parsed forms, marks for caches, names of actors. */
const unread = z.unknown().optional();

const textPart = z.strictObject({ type: z.literal("input_text"), text: z.string(), prompt_cache_breakpoint: unread });
const imagePart = z.strictObject({
  type: z.literal("input_image"),
  image_url: z.string().nullish().describe("A URL, or a data URL."),
  file_id: z.string().nullish(),
  detail: imageDetail.nullish(),
  prompt_cache_breakpoint: unread,
});
const spokenPart = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: unread,
  logprobs: unread,
  parsed: unread,
});
const refusedPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const messagePart = z.discriminatedUnion("type", [textPart, imagePart, spokenPart, refusedPart]);

const itemFields = { id: itemId.nullish(), status: status.nullish(), created_by: unread };

const inputMessage = z.strictObject({
  ...itemFields,
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([z.string(), z.array(messagePart)]),
  phase: unread,
});

const inputFunctionCall = z.strictObject({
  ...itemFields,
  type: z.literal("function_call"),
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string().describe("JSON text."),
  caller: unread,
  parsed_arguments: unread,
});

const inputFunctionCallOutput = z.strictObject({
  ...itemFields,
  type: z.literal("function_call_output"),
  call_id: z.string().min(1),
  output: z.union([z.string(), z.array(messagePart)]),
  caller: unread,
});

const summaryText = z.strictObject({ type: z.literal("summary_text"), text: z.string() });
const reasoningText = z.strictObject({ type: z.literal("reasoning_text"), text: z.string() });

const inputReasoning = z.strictObject({
  ...itemFields,
  type: z.literal("reasoning"),
  summary: z.array(summaryText).nullish(),
  content: z.array(reasoningText).nullish(),
  encrypted_content: z.string().nullish(),
});

const itemReference = z.strictObject({
  type: z.literal("item_reference"),
  id: itemId.describe("Of an item of a stored response or conversation."),
});

/** What clients may send as an item of the input. A message may lack its type. */
export const inputItem = z
  .discriminatedUnion("type", [inputMessage, inputFunctionCall, inputFunctionCallOutput, inputReasoning, itemReference])
  .meta({ id: "ResponseInputItem" });
export type InputItem = z.infer<typeof inputItem>;

const tokenLogprob = { token: z.string(), logprob: z.number(), bytes: z.array(z.int()) };
export const outputLogprob = z
  .strictObject({ ...tokenLogprob, top_logprobs: z.array(z.strictObject(tokenLogprob)) })
  .meta({ id: "ResponseLogprob" });
export type OutputLogprob = z.infer<typeof outputLogprob>;

export const outputText = z
  .strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.never()),
    logprobs: z.array(outputLogprob),
  })
  .meta({ id: "ResponseOutputText" });
export const reasoningPart = reasoningText.meta({ id: "ResponseReasoningText" });

const shownText = z.strictObject({ type: z.literal("input_text"), text: z.string() });
const shownImage = z.strictObject({
  type: z.literal("input_image"),
  detail: imageDetail,
  image_url: z.string().nullable(),
  file_id: z.null(),
});
const shownPart = z.discriminatedUnion("type", [shownText, shownImage, outputText, refusedPart]);

const shownFields = { id: z.string(), status };

const message = z
  .strictObject({
    ...shownFields,
    type: z.literal("message"),
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: z.array(shownPart),
  })
  .meta({ id: "ResponseMessage" });

const outputMessage = z
  .strictObject({ ...shownFields, type: z.literal("message"), role: z.literal("assistant"), content: z.array(outputText) })
  .meta({ id: "ResponseOutputMessage" });

const functionCall = z
  .strictObject({
    ...shownFields,
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  })
  .meta({ id: "ResponseFunctionCall" });

const functionCallOutput = z
  .strictObject({
    ...shownFields,
    type: z.literal("function_call_output"),
    call_id: z.string(),
    output: z.union([z.string(), z.array(shownPart)]),
  })
  .meta({ id: "ResponseFunctionCallOutput" });

const reasoning = z
  .strictObject({
    ...shownFields,
    type: z.literal("reasoning"),
    summary: z.array(summaryText),
    content: z.array(reasoningPart),
  })
  .meta({ id: "ResponseReasoning" });

/** An item as it is kept and shown: of the input or of the output. */
export const item = z.union([message, functionCall, functionCallOutput, reasoning]).meta({ id: "ResponseItem" });
export type Item = z.infer<typeof item>;
export type MessageItem = z.infer<typeof message>;
export type ItemPart = z.infer<typeof shownPart>;

/** What models produce. */
export const outputItem = z.union([outputMessage, functionCall, reasoning]).meta({ id: "ResponseOutputItem" });
export type OutputItem = z.infer<typeof outputItem>;

export const itemList = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "ResponseItemList" });

/** Arrays in queries come under either name. */
const include = z.unknown().optional();

export const listItemsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: itemId.optional().describe("Id of the last item of the page before."),
  include,
  "include[]": include,
});
