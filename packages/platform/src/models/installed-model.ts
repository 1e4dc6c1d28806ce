import { isAbsolute } from "node:path";
import { z } from "zod";
import { CAPABILITIES, sha256Schema, sourceSchema } from "./catalog.ts";

/** A path below the models' folder. */
const fileName = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split("/").some((part) => part === ".." || part === ""), "must stay inside its folder");

/** A file that Bonfire fetched and may remove; its bytes are pinned. */
const fetchedFile = z.strictObject({
  fileName,
  sizeBytes: z.int().positive(),
  sha256: sha256Schema,
  sources: z.array(sourceSchema).readonly(),
});

/** A person's own file, used where it lies. */
const ownFile = z.strictObject({
  path: z.string().refine(isAbsolute, "an absolute path"),
  sizeBytes: z.int().positive(),
  mtimeMs: z.number(),
});

const modelFile = z.union([fetchedFile, ownFile]);

/** What is written for each installed model. A field that a later version adds must be optional here. */
export const manifestSchema = z.object({
  version: z.literal(1),
  id: z.string().min(1),
  aliases: z.array(z.string().min(1)).readonly(),
  source: z.string().min(1),
  kind: z.enum(["text", "embeddings"]),
  capabilities: z.array(z.enum(CAPABILITIES)).readonly(),
  architecture: z.string(),
  contextLength: z.int().positive(),
  layers: z.int().positive(),
  kvBytesPerToken: z.int().nonnegative(),
  licence: z.string(),
  installedAt: z.iso.datetime(),
  /** The first is the one to open. */
  weights: z.array(modelFile).min(1).readonly(),
  projector: modelFile.optional(),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type ModelFile = z.infer<typeof modelFile>;

/** A model that can be served on this machine. */
export interface InstalledModel
  extends Pick<
    Manifest,
    | "id"
    | "aliases"
    /** The reference it came from; `parseReference` reads it. */
    | "source"
    | "kind"
    | "capabilities"
    | "architecture"
    /** Tokens of prompt and answer together that the model was trained for. */
    | "contextLength"
    | "layers"
    /** Bytes of an f16 key-value cache for each token. */
    | "kvBytesPerToken"
    /** Name; `unknown` where nobody says. */
    | "licence"
    /** ISO 8601. */
    | "installedAt"
  > {
  /** Absolute. The first is the one to open; the others are its further parts. */
  readonly weightsPaths: readonly [string, ...string[]];
  /** Turns images into tokens. */
  readonly projectorPath: string | undefined;
  /** Of all files together. */
  readonly weightsBytes: number;
  readonly sizeBytes: number;
  /** Files of it that are no longer there, or no longer of the size they had; it cannot be served while there are any. */
  readonly missingFiles: readonly string[];
}
