import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "@bonfire/platform/config";
import { type CatalogModel, isPinned, type Source } from "@bonfire/platform/models/catalog";
import { chooseVariant, downloadBytes } from "@bonfire/platform/models/fit";
import type { Manifest } from "@bonfire/platform/models/installed-model";
import { ManifestStore } from "@bonfire/platform/models/manifest-store";
import { filesOf, pathOfFile } from "@bonfire/platform/models/model-files";
import { type ModelReference, ModelReferenceError, parseReference } from "@bonfire/platform/models/model-reference";
import type { Expected } from "@bonfire/platform/models/verified-file";
import type { DoctorContext } from "./context.ts";
import { findEngine } from "./engine-place.ts";

/** A file of a model, and what it must be. */
export interface ExpectedFile extends Expected {
  readonly path: string;
  /** A person's own, used where it lies. */
  readonly isOwn: boolean;
}

/** A model that is loaded at start, or that is installed. */
export interface ModelOnDisk {
  /** What `models pull` takes. */
  readonly reference: string;
  readonly id: string;
  /** Whether the start needs it. */
  readonly preloaded: boolean;
  /** Where what was installed is written down; undefined for what the start would fetch. */
  readonly manifestPath: string | undefined;
  /** Empty where only the hub knows them. */
  readonly files: readonly ExpectedFile[];
  /** Kinds of places that may have the files that are missing. */
  readonly places: ReadonlySet<Source["type"]>;
  /** Of all files; undefined where only the hub knows. */
  readonly sizeBytes: number | undefined;
  /** Undefined where the file itself has to be read for it. */
  readonly kvBytesPerToken: number | undefined;
  /** That the operator must accept before it is fetched. */
  readonly licence: CatalogModel["licence"] | undefined;
}

export interface ModelsOnDisk {
  readonly models: readonly ModelOnDisk[];
  /** Manifests that cannot be read. */
  readonly problems: readonly string[];
  /** Names of `models.preload` that mean no model, and why. */
  readonly unknown: readonly { readonly name: string; readonly reason: string }[];
}

type Context = Pick<DoctorContext, "config" | "machine">;

/** Where the models' files lie. */
function modelsDirectory({ cache }: Pick<Config, "cache">): string {
  return join(cache, "models");
}

/** Where a manifest lies for each installed model. */
export function manifestsDirectory(config: Pick<Config, "cache">): string {
  return join(modelsDirectory(config), "manifests");
}

/** What is installed, and what the start would fetch, from what lies on the disk alone. */
export async function readModels({ config, machine }: Context): Promise<ModelsOnDisk> {
  const problems: string[] = [];
  const unknown: { name: string; reason: string }[] = [];
  const store = new ManifestStore({ directory: manifestsDirectory(config), onProblem: (problem) => problems.push(problem) });
  const manifests = await store.list();
  const models = manifests.map((manifest) => fromManifest(manifest, config));
  for (const name of config.models.preload) {
    if (manifests.some((manifest) => answersTo(manifest, name))) continue;
    try {
      models.push(fromReference(name, parseReference(name), { config, machine }));
    } catch (error) {
      if (!(error instanceof ModelReferenceError)) throw error;
      unknown.push({ name, reason: error.message });
    }
  }
  return { models, problems, unknown };
}

function fromManifest(manifest: Manifest, config: Config): ModelOnDisk {
  const files = filesOf(manifest);
  return {
    reference: manifest.source,
    id: manifest.id,
    preloaded: config.models.preload.some((name) => answersTo(manifest, name)),
    manifestPath: join(manifestsDirectory(config), `${encodeURIComponent(manifest.id)}.json`),
    files: files.map((file) => ({
      path: pathOfFile(modelsDirectory(config), file),
      sizeBytes: file.sizeBytes,
      sha256: "sha256" in file ? file.sha256 : undefined,
      isOwn: "path" in file,
    })),
    places: new Set(files.flatMap((file) => ("sources" in file ? file.sources.map(({ type }) => type) : []))),
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    kvBytesPerToken: manifest.kvBytesPerToken,
    licence: undefined,
  };
}

/** A model that is not installed. */
function fromReference(name: string, reference: ModelReference, { config, machine }: Context): ModelOnDisk {
  const model = catalogModelOf(reference, config.models.memoryBytes ?? machine.memoryBytes);
  const pinned = model !== undefined && isPinned(model) ? model.weights : undefined;
  const own = reference.type === "file" ? [{ path: resolve(reference.path), isOwn: true }] : [];
  return {
    reference: name,
    id: model?.id ?? name,
    preloaded: true,
    manifestPath: undefined,
    files: pinned === undefined ? own : [{ ...pinned, path: join(modelsDirectory(config), pinned.fileName), isOwn: false }],
    places: new Set(pinned === undefined ? PLACES[reference.type] : pinned.sources.map(({ type }) => type)),
    sizeBytes: model === undefined ? undefined : downloadBytes(model),
    kvBytesPerToken: model?.kvBytesPerToken,
    licence: model?.licence.mustBeAccepted === true ? model.licence : undefined,
  };
}

/** Where each kind of reference leads. */
const PLACES: Readonly<Record<ModelReference["type"], readonly Source["type"][]>> = {
  catalog: ["huggingface"],
  family: ["huggingface"],
  hub: ["huggingface"],
  url: ["url"],
  file: [],
};

function catalogModelOf(reference: ModelReference, memoryBytes: number): CatalogModel | undefined {
  if (reference.type === "catalog") return reference.model;
  return reference.type === "family" ? chooseVariant(reference.family, { memoryBytes, vramBytes: 0 }) : undefined;
}

function answersTo({ id, aliases, source }: Pick<Manifest, "id" | "aliases" | "source">, name: string): boolean {
  return [id, ...aliases, source].some((known) => known.toLowerCase() === name.toLowerCase());
}

/** Whether all files are there with their sizes. */
async function isThere({ files }: Pick<ModelOnDisk, "files">): Promise<boolean> {
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path).catch(() => undefined))?.size));
  return (
    files.length > 0 && files.every(({ sizeBytes }, index) => sizes[index] !== undefined && (sizeBytes ?? sizes[index]) === sizes[index])
  );
}

/** Models that the next start fetches. */
export async function modelsToFetch(context: Context): Promise<readonly ModelOnDisk[]> {
  const preloaded = (await readModels(context)).models.filter((model) => model.preloaded);
  const there = await Promise.all(preloaded.map(isThere));
  return preloaded.filter((_, index) => there[index] !== true);
}

/** The engine's environment, in bytes, generously. */
const ENGINE_BYTES = 300e6;

/** What the next start fetches, in bytes, as far as it is known. */
export async function bytesToFetch(context: Context): Promise<number> {
  const { config } = context;
  const models = await modelsToFetch(context);
  const engine = config.models.preload.length > 0 && (await findEngine(config)).kind === "missing" ? ENGINE_BYTES : 0;
  return models.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), engine);
}
