import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { PythonTools } from "../processes/python-tools.ts";
import { freeDiskBytes, type SourceServices } from "./artifact-sources.ts";
import { createArtifactStore } from "./artifact-store.ts";
import { CATALOG, familyOf, isPinned, type PinnedModel } from "./catalog.ts";
import { chooseVariant, type MachineMemory, memoryNeeded } from "./fit.ts";
import type { HubSettings } from "./hub-client.ts";
import type { InstalledModel, Manifest } from "./installed-model.ts";
import { ManifestStore } from "./manifest-store.ts";
import { LicenceNotAcceptedError, NoVariantFitsError } from "./model-errors.ts";
import { filesOf, installedModel, pathOfFile } from "./model-files.ts";
import { formatReference, type ModelReference, parseReference } from "./model-reference.ts";
import type { ModelProgress } from "./progress.ts";
import { deleteUnused, type PullServices, pullModel, type ResolvedReference } from "./pull-model.ts";
import { licensedModel } from "./pull-plan.ts";
import { SharedFetch } from "./shared-fetch.ts";
import { checkFile, type FileState, rehashFile } from "./verified-file.ts";

interface ModelLibraryOptions {
  /** `<cache>/models`, shared by all instances of the machine. */
  readonly directory: string;
  readonly huggingFace: HubSettings;
  readonly python: PythonTools;
  /** Which variant a family's name stands for. */
  readonly machine: MachineMemory;
  /** Hears of what is wrong and passed over, such as a damaged manifest. */
  readonly onProblem: (problem: string, cause: unknown) => void;
  /** @default asks the file system */
  readonly freeBytes?: SourceServices["freeBytes"];
}

export interface PullOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** The operator agrees to the model's licence. */
  readonly acceptLicence?: boolean;
}

interface CheckedFile {
  readonly path: string;
  readonly state: FileState;
}

/** The models of this machine. Models are named by id, alias or the reference that they came from, in any case. */
export interface ModelLibrary {
  /** Everything that is installed, by id. */
  list(): Promise<readonly InstalledModel[]>;
  find(name: string): Promise<InstalledModel | undefined>;
  /**
   * Brings a model here. With everything there it asks nobody; concurrent pulls of one model are one.
   * @param reference as `parseReference` reads it. Relative paths are those of this process.
   * @throws ModelReferenceError, NoVariantFitsError, LicenceNotAcceptedError, ModelIdTakenError, NotGgufError or ModelUnavailableError,
   * whose messages say what to do; or the signal's reason.
   */
  pull(reference: string, options: PullOptions): Promise<InstalledModel>;
  /** Forgets a model and deletes the files that no other needs; a person's own files stay. @returns what it was, undefined for an unknown name. */
  remove(name: string): Promise<InstalledModel | undefined>;
  /** Hashes all files of a model anew; a person's own files are compared by size and time. Undefined for an unknown name. */
  verify(name: string, signal: AbortSignal): Promise<readonly CheckedFile[] | undefined>;
}

/** Files that are never aborted: they are small, or there already. */
const NEVER = new AbortController().signal;

export function createModelLibrary(options: ModelLibraryOptions): ModelLibrary {
  const { huggingFace, python, machine } = options;
  const directory = resolve(options.directory);
  const freeBytes = options.freeBytes ?? freeDiskBytes;
  const store = createArtifactStore({ directory, huggingFace, python, freeBytes });
  const manifests = new ManifestStore({ directory: resolve(directory, "manifests"), onProblem: options.onProblem });
  const services: PullServices = { directory, huggingFace, freeBytes, store, manifests };
  const shared = new SharedFetch<Manifest, ModelProgress>();

  async function installed(): Promise<readonly Manifest[]> {
    const known = await manifests.list();
    const found = await Promise.all(CATALOG.filter(isPinned).map((model) => adopt(model, known)));
    return found.some((adopted) => adopted) ? manifests.list() : known;
  }

  /** A file of the catalog that lies here without a manifest, as earlier versions and careful people put it, is installed. */
  async function adopt(model: PinnedModel, known: readonly Manifest[]): Promise<boolean> {
    if (known.some(({ id }) => id === model.id)) return false;
    const path = store.pathOf(model.weights);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== model.weights.sizeBytes) return false;
    if ((await checkFile(path, model.weights, { signal: NEVER })) !== "verified") return false;
    await share({ type: "catalog", model }, { signal: NEVER });
    return true;
  }

  function share(reference: ResolvedReference, { signal, onProgress = () => undefined }: PullOptions): Promise<Manifest> {
    const work = (stop: AbortSignal, report: (progress: ModelProgress) => void) => pullModel({ reference, signal: stop, report }, services);
    return shared.run(formatReference(reference), work, { signal, onProgress });
  }

  async function find(name: string): Promise<Manifest | undefined> {
    const wanted = name.toLowerCase();
    const all = await installed();
    return (
      all.find(({ id }) => id.toLowerCase() === wanted) ??
      all.find(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === wanted)) ??
      all.find(({ source }) => source.toLowerCase() === wanted)
    );
  }

  function resolveReference(reference: ModelReference): ResolvedReference {
    if (reference.type === "file") return { type: "file", path: resolve(reference.path) };
    if (reference.type !== "family") return reference;
    const model = chooseVariant(reference.family, machine);
    if (model !== undefined) return { type: "catalog", model };
    const sizes = familyOf(reference.family).map((variant) => ({ id: variant.id, neededBytes: memoryNeeded(variant) }));
    const [smallest = { id: reference.family, neededBytes: 0 }] = sizes.toSorted((a, b) => a.neededBytes - b.neededBytes);
    throw new NoVariantFitsError(reference.family, smallest);
  }

  /** A family's name answers for the variant that was pulled by it last. */
  async function giveAlias(alias: string, to: Manifest): Promise<Manifest> {
    return manifests.exclusively(async () => {
      for (const manifest of await manifests.list()) {
        if (manifest.id === to.id || !manifest.aliases.includes(alias)) continue;
        await manifests.write({ ...manifest, aliases: manifest.aliases.filter((known) => known !== alias) });
      }
      const named = { ...to, aliases: [...new Set([...to.aliases, alias])] };
      await manifests.write(named);
      return named;
    });
  }

  return {
    async list() {
      return Promise.all((await installed()).map((manifest) => installedModel(manifest, directory)));
    },

    async find(name) {
      const manifest = await find(name);
      return manifest === undefined ? undefined : installedModel(manifest, directory);
    },

    async pull(text, pulling) {
      const asked = parseReference(text);
      const reference = resolveReference(asked);
      const licensed = licensedModel(reference);
      if (licensed?.licence.mustBeAccepted && !pulling.acceptLicence && (await find(formatReference(reference))) === undefined)
        throw new LicenceNotAcceptedError(licensed);
      const pulled = await share(reference, pulling);
      const manifest = asked.type === "family" ? await giveAlias(asked.family, pulled) : pulled;
      const model = await installedModel(manifest, directory);
      pulling.onProgress?.({ model: formatReference(reference), type: "done", sizeBytes: model.sizeBytes });
      return model;
    },

    async remove(name) {
      const manifest = await find(name);
      if (manifest === undefined) return undefined;
      const model = await installedModel(manifest, directory);
      await manifests.exclusively(async () => {
        await manifests.remove(manifest.id);
        await deleteUnused(filesOf(manifest), services);
      });
      return model;
    },

    async verify(name, signal) {
      const manifest = await find(name);
      if (manifest === undefined) return undefined;
      const { missingFiles } = await installedModel(manifest, directory);
      const checked: CheckedFile[] = [];
      for (const file of filesOf(manifest)) {
        const path = pathOfFile(directory, file);
        if (!("path" in file)) checked.push({ path, state: await rehashFile(path, file, { signal }) });
        else if (!missingFiles.includes(path)) checked.push({ path, state: "verified" });
        else checked.push({ path, state: (await stat(path).catch(() => undefined)) === undefined ? "missing" : "different" });
      }
      return checked;
    },
  };
}
