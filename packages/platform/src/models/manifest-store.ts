import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import { withPathLock } from "../processes/path-lock.ts";
import { type Manifest, manifestSchema } from "./installed-model.ts";

interface ManifestStoreOptions {
  readonly directory: string;
  /** Hears of manifests that cannot be read; they count as not there. */
  readonly onProblem: (problem: string, cause: unknown) => void;
}

/** What is installed, one file for each model, shared by all instances of the machine. */
export class ManifestStore {
  readonly #directory: string;
  readonly #onProblem: ManifestStoreOptions["onProblem"];

  constructor({ directory, onProblem }: ManifestStoreOptions) {
    this.#directory = directory;
    this.#onProblem = onProblem;
  }

  /** All that can be read, by id. */
  async list(): Promise<readonly Manifest[]> {
    const names = await readdir(this.#directory).catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    });
    const manifests = await Promise.all(names.filter((name) => name.endsWith(".json")).map((name) => this.#read(name)));
    return manifests.filter((manifest) => manifest !== undefined).toSorted((a, b) => a.id.localeCompare(b.id));
  }

  async write(manifest: Manifest): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const path = this.#pathOf(manifest.id);
    const temporary = `${path}.${randomUUID()}.new`;
    await writeFile(temporary, `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rename(temporary, path);
  }

  async remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  /** Runs `work` while no other process changes what is installed. */
  exclusively<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withPathLock(join(this.#directory, "change.lock"), work, signal === undefined ? {} : { signal });
  }

  async #read(name: string): Promise<Manifest | undefined> {
    const path = join(this.#directory, name);
    try {
      const manifest = manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
      if (name !== fileNameOf(manifest.id)) throw new Error(`it is of ${manifest.id}, which has another file`);
      return manifest;
    } catch (error) {
      // Removed at this moment.
      if (!hasCode(error, "ENOENT")) this.#onProblem(`The installed model in ${path} is passed over: its manifest cannot be read.`, error);
      return undefined;
    }
  }

  #pathOf(id: string): string {
    return join(this.#directory, fileNameOf(id));
  }
}

/** Ids hold slashes and colons; the encoding can be undone and is one file name on every system. */
function fileNameOf(id: string): string {
  return `${encodeURIComponent(id)}.json`;
}
