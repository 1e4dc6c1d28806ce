import { z } from "zod";
import type { ErrorBody } from "./errors.ts";

/** OpenAI's shape, and Together's. */
export const errorBody: z.ZodType<ErrorBody> = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: "Error", description: "What every failed request answers with." });

/** Fireworks' shapes: the same object, marked, or a bare message for a missing model. */
export const fireworksErrorBody = z
  .strictObject({
    error: z.union([
      z.string(),
      z.strictObject({
        object: z.literal("error"),
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string().nullable(),
      }),
    ]),
  })
  .meta({ id: "FireworksError", description: "What a failed request of Fireworks' clients answers with." });
