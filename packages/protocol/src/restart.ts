import { z } from "zod";

export const restartRequest = z.strictObject({}).meta({ id: "RestartRequest" });

export const restart = z
  .strictObject({
    object: z.literal("restart"),
    workers: z.int().positive().describe("Workers that are replaced from now on, one after the other."),
  })
  .meta({ id: "Restart" });
