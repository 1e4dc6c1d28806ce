import { z } from "zod";
import { outputItem, outputLogprob, outputText, reasoningPart } from "./response-items.ts";
import { responseObject } from "./responses.ts";

const sequence = { sequence_number: z.int().min(0) };
const place = { item_id: z.string(), output_index: z.int().min(0) };
const partPlace = { ...place, content_index: z.int().min(0) };
const part = z.discriminatedUnion("type", [outputText, reasoningPart]);

const lifecycle = <Type extends string>(type: Type) => z.strictObject({ type: z.literal(type), ...sequence, response: responseObject });
const itemEvent = <Type extends string>(type: Type) =>
  z.strictObject({ type: z.literal(type), ...sequence, output_index: z.int().min(0), item: outputItem });
const partEvent = <Type extends string>(type: Type) => z.strictObject({ type: z.literal(type), ...sequence, ...partPlace, part });

/** Everything that a response's stream is made of; each frame has the type also as its `event`. */
export const responseEvent = z
  .discriminatedUnion("type", [
    lifecycle("response.created"),
    lifecycle("response.queued"),
    lifecycle("response.in_progress"),
    lifecycle("response.completed"),
    lifecycle("response.incomplete"),
    lifecycle("response.failed"),
    itemEvent("response.output_item.added"),
    itemEvent("response.output_item.done"),
    partEvent("response.content_part.added"),
    partEvent("response.content_part.done"),
    z.strictObject({
      type: z.literal("response.output_text.delta"),
      ...sequence,
      ...partPlace,
      delta: z.string(),
      logprobs: z.array(outputLogprob),
    }),
    z.strictObject({
      type: z.literal("response.output_text.done"),
      ...sequence,
      ...partPlace,
      text: z.string(),
      logprobs: z.array(outputLogprob),
    }),
    z.strictObject({ type: z.literal("response.reasoning_text.delta"), ...sequence, ...partPlace, delta: z.string() }),
    z.strictObject({ type: z.literal("response.reasoning_text.done"), ...sequence, ...partPlace, text: z.string() }),
    z.strictObject({ type: z.literal("response.function_call_arguments.delta"), ...sequence, ...place, delta: z.string() }),
    z.strictObject({
      type: z.literal("response.function_call_arguments.done"),
      ...sequence,
      ...place,
      name: z.string(),
      arguments: z.string(),
    }),
    // The stream fails, which says nothing of the response.
    z.strictObject({
      type: z.literal("error"),
      ...sequence,
      code: z.string().nullable(),
      message: z.string(),
      param: z.string().nullable(),
    }),
  ])
  .meta({ id: "ResponseStreamEvent" });
export type ResponseEvent = z.infer<typeof responseEvent>;
