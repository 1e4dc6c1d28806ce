import { mkdir } from "node:fs/promises";
import type { FailedSource } from "./artifact-error.ts";
import { requireSpace, type SourceServices } from "./artifact-sources.ts";
import type { ArtifactStore, WantedFile } from "./artifact-store.ts";
import { NotGgufError } from "./gguf-reader.ts";
import { sizeOf } from "./http-download.ts";
import type { Manifest, ModelFile } from "./installed-model.ts";
import type { ManifestStore } from "./manifest-store.ts";
import { failureAt, ModelIdTakenError, ModelUnavailableError } from "./model-errors.ts";
import { deleteFiles, filesOf, idOfOwnFile, inspectFiles, ownFiles, pathOfFile, pinnedFile } from "./model-files.ts";
import { formatReference, type ModelReference } from "./model-reference.ts";
import { ByteSum, type ModelProgress } from "./progress.ts";
import { type FetchedReference, type Origin, originsOf, type PullPlan } from "./pull-plan.ts";

export interface PullServices {
  /** Absolute path of the models' folder. */
  readonly directory: string;
  readonly huggingFace: SourceServices["huggingFace"];
  readonly freeBytes: SourceServices["freeBytes"];
  readonly store: ArtifactStore;
  readonly manifests: ManifestStore;
}

export type ResolvedReference = Exclude<ModelReference, { type: "family" }>;

export interface Pull {
  readonly reference: ResolvedReference;
  readonly signal: AbortSignal;
  readonly report: (progress: ModelProgress) => void;
}

/** Brings a model here and notes it as installed; with everything there it asks nobody. */
export async function pullModel(pull: Pull, services: PullServices): Promise<Manifest> {
  const { reference } = pull;
  const source = formatReference(reference);
  const known = (await services.manifests.list()).find((manifest) => manifest.source === source);
  if (reference.type === "file") return installOwnFile(reference.path, source, services);
  return known === undefined ? pullAnew(reference, pull, services) : restore(known, pull, services);
}

/** What was pulled before stays at its bytes: missing files come from where they came from, newer ones are not looked for. */
async function restore(manifest: Manifest, pull: Pull, services: PullServices): Promise<Manifest> {
  const fetched = filesOf(manifest).flatMap((file) => ("fileName" in file ? file : []));
  await fetchAll(fetched, pull, services);
  return manifest;
}

async function pullAnew(reference: FetchedReference, pull: Pull, services: PullServices): Promise<Manifest> {
  const { signal, report } = pull;
  const model = formatReference(reference);
  const failures: FailedSource[] = [];
  for (const origin of originsOf(reference, services.huggingFace)) {
    try {
      return await pullFrom(origin, pull, services);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ModelIdTakenError) throw error;
      const failure = failureAt(origin.description, error);
      failures.push(failure);
      report({ model, type: "source-failed", fileName: model, source: failure.source, reason: failure.reason });
    }
  }
  throw new ModelUnavailableError(model, failures);
}

async function pullFrom(origin: Origin, pull: Pull, services: PullServices): Promise<Manifest> {
  const { reference, signal, report } = pull;
  const source = formatReference(reference);
  report({ model: source, type: "resolving" });
  const plan = await origin.plan(signal);
  await refuseTakenId(plan.id, source, services.manifests);
  const wanted = [...plan.weights, ...(plan.projector === undefined ? [] : [plan.projector])];
  const paths = await fetchAll(wanted, pull, services);
  try {
    return await install(await manifestOf({ plan, source, paths }, signal), services);
  } catch (error) {
    // What cannot be served is of no use here, unless it belongs to another model.
    if (error instanceof NotGgufError) await services.manifests.exclusively(() => deleteUnused(wanted, services));
    throw error;
  }
}

/** @returns the paths, in the order of the files. */
async function fetchAll(
  files: readonly WantedFile[],
  { reference, signal, report }: Pull,
  services: PullServices,
): Promise<readonly string[]> {
  const { store, directory } = services;
  const model = formatReference(reference);
  await mkdir(directory, { recursive: true });
  const missing = await Promise.all(files.map((file) => missingBytes(file, store.pathOf(file))));
  const neededBytes = missing.reduce((sum, bytes) => sum + bytes, 0);
  if (neededBytes > 0) await requireSpace(neededBytes, directory, services);
  let current = "";
  const sum = new ByteSum(files, (receivedBytes, totalBytes) =>
    report({ model, type: "bytes", fileName: current, receivedBytes, totalBytes }),
  );
  const paths: string[] = [];
  // One after the other: a connection that is cut leaves one file to resume, and one connection fills the line.
  for (const file of files) {
    current = file.fileName;
    const path = await store.fetch(file, signal, (progress) => {
      if (progress.type === "bytes") sum.set(progress.fileName, progress.receivedBytes, progress.totalBytes);
      else report({ model, ...progress });
    });
    const sizeBytes = await sizeOf(path);
    sum.set(file.fileName, sizeBytes, sizeBytes);
    paths.push(path);
  }
  return paths;
}

async function missingBytes({ sizeBytes = 0 }: WantedFile, path: string): Promise<number> {
  return Math.max(0, sizeBytes - (await sizeOf(path)) - (await sizeOf(`${path}.partial`)));
}

async function manifestOf(
  { plan, source, paths }: { plan: PullPlan; source: string; paths: readonly string[] },
  signal: AbortSignal,
): Promise<Manifest> {
  const { catalogModel, projector } = plan;
  const projectorPath = projector === undefined ? undefined : paths[plan.weights.length];
  const { facts, seesImages } = await inspectFiles(paths.slice(0, plan.weights.length), projectorPath);
  const weights = await Promise.all(plan.weights.map((file, index) => pinnedFile(paths[index] ?? "", file, signal)));
  const known = catalogModel ?? facts;
  return {
    version: 1,
    id: plan.id,
    aliases: plan.aliases,
    source,
    kind: facts.kind,
    capabilities: [...known.capabilities, ...(catalogModel === undefined && seesImages ? (["vision"] as const) : [])],
    architecture: facts.architecture,
    contextLength: known.contextLength,
    layers: known.layers,
    kvBytesPerToken: known.kvBytesPerToken,
    licence: catalogModel?.licence.name ?? facts.licence ?? plan.licence ?? "unknown",
    installedAt: new Date().toISOString(),
    weights,
    ...(projector === undefined || projectorPath === undefined ? {} : { projector: await pinnedFile(projectorPath, projector, signal) }),
  };
}

async function installOwnFile(path: string, source: string, services: PullServices): Promise<Manifest> {
  const id = idOfOwnFile(path);
  await refuseTakenId(id, source, services.manifests);
  const weights = await ownFiles(path);
  const { facts } = await inspectFiles(
    weights.map((file) => pathOfFile(services.directory, file)),
    undefined,
  );
  const { tokenizer: _, licence = "unknown", ...rest } = facts;
  return install({ version: 1, id, aliases: [], source, ...rest, licence, installedAt: new Date().toISOString(), weights }, services);
}

/** Writes the manifest; what it takes the place of is removed with the files that nobody needs any more. */
async function install(manifest: Manifest, services: PullServices): Promise<Manifest> {
  const { manifests } = services;
  return manifests.exclusively(async () => {
    await refuseTakenId(manifest.id, manifest.source, manifests);
    const replaced = (await manifests.list()).find(({ id }) => id === manifest.id);
    await manifests.write(manifest);
    if (replaced !== undefined) await deleteUnused(filesOf(replaced), services);
    return manifest;
  });
}

/** Revisions of one repository follow each other under one id; anything else would answer in another's place. */
async function refuseTakenId(id: string, source: string, manifests: ManifestStore): Promise<void> {
  const holder = (await manifests.list()).find((manifest) => manifest.id === id);
  if (holder === undefined || holder.source === source) return;
  if (holder.source.startsWith("hf:") && source.startsWith("hf:")) return;
  throw new ModelIdTakenError(id, holder.source);
}

/** Deletes those fetched files that no manifest names. The caller holds the lock of the manifests. */
export async function deleteUnused(
  files: readonly (ModelFile | WantedFile)[],
  { manifests, directory }: Pick<PullServices, "manifests" | "directory">,
): Promise<void> {
  const used = new Set((await manifests.list()).flatMap(filesOf).flatMap((file) => ("fileName" in file ? file.fileName : [])));
  const unused = files.flatMap((file) => ("fileName" in file && !used.has(file.fileName) ? file : []));
  await deleteFiles(unused, directory);
}
