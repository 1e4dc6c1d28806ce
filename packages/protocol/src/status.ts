import { z } from "zod";
import { installedModel } from "./installed-models.ts";

const bytes = z.int().nonnegative();

/** What an operator sees of a running platform at one glance. */
export const platformStatus = z
  .strictObject({
    object: z.literal("status"),
    version: z.string(),
    pid: z.int(),
    home: z.string(),
    base_url: z.string(),
    started_at: z.int().describe("Unix seconds"),
    running_requests: z.int().nonnegative(),
    database: z.strictObject({
      kind: z.enum(["embedded", "external"]),
      state: z.enum(["up", "down"]),
      since: z.int().nullable().describe("Unix seconds; null while it has been up since the start"),
    }),
    ledger: z.strictObject({
      running_attempts: z.int().nonnegative(),
      waiting_rows: z.int().nonnegative().describe("Finished attempts that are not in the database yet"),
      write_ahead_bytes: bytes,
    }),
    memory: z.strictObject({
      budget_bytes: bytes.describe("What all loaded models together may take"),
      used_bytes: bytes.describe("What is planned for those that are loaded"),
      gpu_budget_bytes: bytes,
      gpu_used_bytes: bytes,
    }),
    gpus: z.array(z.strictObject({ name: z.string(), memory_bytes: bytes })),
    models: z.array(installedModel),
  })
  .meta({ id: "PlatformStatus" });

export type PlatformStatus = Readonly<z.infer<typeof platformStatus>>;
