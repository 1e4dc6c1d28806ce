import { z } from "zod";

/** As model ids are written at any vendor: parts with slashes between them, each beginning with a letter, a digit or `@`. */
const NAME = /^[a-z0-9@][\w.:@#+~-]*(?:\/[a-z0-9@][\w.:@#+~-]*)*$/i;

export const aliasName = z
  .string()
  .max(200)
  .regex(NAME, "a name as models have it, such as gpt-4o or accounts/fireworks/models/x")
  .describe("Without wildcards; upper and lower case differ.");

export const putAliasRequest = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, "the id of a model")
      .describe("Id of the model. It need not be there yet."),
  })
  .meta({ id: "PutAliasRequest" });

export const modelAlias = z
  .strictObject({
    name: z.string(),
    object: z.literal("model_alias"),
    model: z.string().describe("Id of the model."),
    served: z
      .boolean()
      .describe(
        "Whether requests with this name reach the model now: not while it is not served here, nor while another model has the name itself.",
      ),
    created_at: z.int().describe("Unix seconds."),
  })
  .meta({ id: "ModelAlias" });
export type ModelAlias = z.infer<typeof modelAlias>;

export const modelAliasList = z.strictObject({ object: z.literal("list"), data: z.array(modelAlias) }).meta({ id: "ModelAliasList" });

export const removedAlias = z
  .strictObject({ name: z.string(), object: z.literal("model_alias"), deleted: z.literal(true) })
  .meta({ id: "RemovedModelAlias" });
