import { z } from "zod";

export const model = z
  .strictObject({
    id: z.string(),
    object: z.literal("model"),
    created: z.int(),
    owned_by: z.string(),
    context_length: z.int().optional().describe("Tokens of prompt and answer together."),
  })
  .meta({ id: "Model" });
export type Model = z.infer<typeof model>;

export const modelList = z.strictObject({ object: z.literal("list"), data: z.array(model) }).meta({ id: "ModelList" });
