import { z } from "zod";
import { modelState } from "./installed-models.ts";

export const health = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });

export const readiness = z
  .strictObject({
    status: z.enum(["ready", "starting"]),
    models: z.record(z.string(), modelState).describe("State of each model by id."),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof readiness>;
