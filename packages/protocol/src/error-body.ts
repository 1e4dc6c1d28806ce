import { z } from "zod";
import type { ErrorBody } from "./errors.ts";

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
