import { z } from "zod";

export const health = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });

export const readiness = z
  .strictObject({
    status: z.enum(["ready", "starting"]),
    models: z.record(z.string(), z.enum(["ready", "starting", "failed"])).describe("State of each model by id."),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof readiness>;
