import { z } from "zod";

const jsonSchema = z.record(z.string(), z.unknown());
/** Fireworks takes a schema's JSON text as well. */
const schemaOrText = z.union([z.string(), jsonSchema]);

/** What the answer's text has to be, in the forms of OpenAI, Together and Fireworks. */
export const responseFormat = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object"), schema: schemaOrText.nullish() }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: schemaOrText.nullish().describe("OpenAI's `{name, schema, strict, description}`, or the schema itself."),
      schema: schemaOrText.nullish().describe("The schema, where there is no `json_schema`."),
    }),
    z.strictObject({ type: z.literal("regex"), pattern: z.string().min(1) }),
    z.strictObject({ type: z.literal("grammar"), grammar: z.string().min(1).describe("In llama.cpp's notation, GBNF.") }),
  ])
  .meta({ id: "ResponseFormat" });
export type ResponseFormat = z.infer<typeof responseFormat>;
