import { z } from "zod";

const identity = { id: z.string(), object: z.literal("model"), created: z.int() };
const contextLength = z.int().optional().describe("Tokens of prompt and answer together.");

export const model = z
  .strictObject({
    ...identity,
    owned_by: z.string(),
    context_length: contextLength,
    kind: z.string().optional().describe("Only for Fireworks' clients, as the next three."),
    supports_chat: z.boolean().optional(),
    supports_image_input: z.boolean().optional(),
    supports_tools: z.boolean().optional(),
  })
  .meta({ id: "Model" });
export type Model = z.infer<typeof model>;

export const modelList = z.strictObject({ object: z.literal("list"), data: z.array(model) }).meta({ id: "ModelList" });

/** What Together's clients expect of a model; prices are zero, since the machines are the operator's own. */
export const togetherModel = z
  .strictObject({
    ...identity,
    type: z.enum(["chat", "language"]),
    display_name: z.string(),
    organization: z.string(),
    link: z.string(),
    license: z.string(),
    context_length: contextLength,
    pricing: z.strictObject({ hourly: z.number(), input: z.number(), output: z.number(), base: z.number(), finetune: z.number() }),
  })
  .meta({ id: "TogetherModel" });
export type TogetherModel = z.infer<typeof togetherModel>;

export const togetherModelList = z.array(togetherModel).meta({ id: "TogetherModelList" });
