import { z } from "zod";

const unixSeconds = z.int().describe("Unix seconds");
const bytes = z.int().nonnegative().describe("Bytes");

export const modelState = z
  .enum(["unloaded", "queued", "loading", "ready", "restarting", "unloading", "failed"])
  .describe("failed: it ended again and again and is not started any more until it is asked for");

/** The engine that serves a model right now, or tried to. */
const replica = z.strictObject({
  slots: z.int().describe("Requests that run at once"),
  context_length: z.int().describe("Tokens of prompt and answer together, for each slot"),
  memory_bytes: bytes.describe("Main memory that was planned for it"),
  gpu_memory_bytes: bytes.describe("GPU memory that was planned for it"),
  gpu_layers: z.int().nonnegative().describe("Layers that are computed on a GPU"),
  running_requests: z.int().nonnegative(),
  restarts: z.int().nonnegative().describe("How often it was started again since it was loaded"),
  loaded_at: unixSeconds.nullable(),
  last_used_at: unixSeconds.nullable(),
});

export const installedModel = z
  .strictObject({
    id: z.string(),
    object: z.literal("installed_model"),
    aliases: z.array(z.string()).readonly(),
    kind: z.string(),
    capabilities: z.array(z.string()).readonly(),
    source: z.string().describe("What was pulled: a catalog name, hf:owner/repo, a URL, a file; or `upstream`"),
    size_bytes: bytes.nullable(),
    context_length: z.int().nullable().describe("Tokens that the model was trained for"),
    licence: z.string().nullable(),
    installed_at: unixSeconds.nullable(),
    pinned: z.boolean().describe("Loaded at start, and not unloaded when idle"),
    state: modelState,
    state_since: unixSeconds.nullable(),
    reason: z.string().nullable().describe("Why it failed, or what it waits for"),
    replica: replica.nullable().describe("Null while nothing is loaded"),
  })
  .meta({ id: "InstalledModel" });

export const installedModelList = z.strictObject({ object: z.literal("list"), data: z.array(installedModel) });

/** A model that could be pulled. */
const catalogEntry = z
  .strictObject({
    id: z.string(),
    object: z.literal("catalog_model"),
    aliases: z.array(z.string()).readonly(),
    parameters: z.string().describe("Such as 8B"),
    size_bytes: bytes.describe("Of the download, about"),
    context_length: z.int(),
    capabilities: z.array(z.string()).readonly(),
    licence: z.string(),
    licence_url: z.string(),
    licence_must_be_accepted: z.boolean(),
    fits: z.boolean().describe("Whether this machine has the memory for it"),
    installed: z.boolean(),
  })
  .meta({ id: "CatalogModel" });

export const catalogList = z.strictObject({ object: z.literal("list"), data: z.array(catalogEntry) });

export const pullModelRequest = z
  .strictObject({
    model: z.string().min(1).describe("A catalog name, hf:owner/repo[:quant], a URL of a GGUF file, or a path on the platform's machine"),
    accept_licence: z.boolean().default(false).describe("You have read the model's licence and accept it"),
  })
  .meta({ id: "PullModelRequest" });

/** What a pull sends while it goes on; the last one is `installed`. A failure is an error object, as in every stream. */
export const pullEvent = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("message"), text: z.string() }),
    z.strictObject({
      type: z.literal("bytes"),
      file: z.string(),
      received_bytes: bytes.describe("Of all files of the model together"),
      total_bytes: bytes.nullable().describe("Null while it is not known"),
    }),
    z.strictObject({ type: z.literal("installed"), model: installedModel }),
  ])
  .meta({ id: "PullEvent" });

export const modelNameRequest = z.strictObject({ model: z.string().min(1).describe("Id or alias") }).meta({ id: "ModelNameRequest" });

export const removedModel = z.strictObject({ id: z.string(), object: z.literal("installed_model"), deleted: z.literal(true) });

export type InstalledModel = Readonly<z.infer<typeof installedModel>>;
export type CatalogEntry = Readonly<z.infer<typeof catalogEntry>>;
export type PullModelRequest = Readonly<z.infer<typeof pullModelRequest>>;
export type PullEvent = Readonly<z.infer<typeof pullEvent>>;
