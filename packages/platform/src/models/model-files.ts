import { rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import type { WantedFile } from "./artifact-store.ts";
import { factsOf, type GgufFacts, seesImages } from "./gguf-facts.ts";
import { modelNameOf, partNames } from "./gguf-files.ts";
import { NotGgufError, readGgufHeader } from "./gguf-reader.ts";
import { discardPartial } from "./http-download.ts";
import type { InstalledModel, Manifest, ModelFile } from "./installed-model.ts";
import { checksumOf, removeStamp } from "./verified-file.ts";

/** All files of a manifest, weights first. */
export function filesOf({ weights, projector }: Pick<Manifest, "weights" | "projector">): readonly ModelFile[] {
  return projector === undefined ? weights : [...weights, projector];
}

export function pathOfFile(directory: string, file: ModelFile): string {
  return "path" in file ? file.path : resolve(join(directory, file.fileName));
}

/** What a fetched file is, to be written into a manifest. */
export async function pinnedFile(path: string, { fileName, sources }: WantedFile, signal: AbortSignal): Promise<ModelFile> {
  return { fileName, ...(await checksumOf(path, signal)), sources };
}

/** A person's own file with its further parts, as they lie there. @throws Error that names a part that is not there. */
export async function ownFiles(path: string): Promise<readonly ModelFile[]> {
  return Promise.all(
    partNames(basename(path)).map(async (name) => {
      const part = join(dirname(path), name);
      const found = await stat(part).catch((error: unknown) => {
        throw new Error(`${part} cannot be read: expected a GGUF file that this user may read`, { cause: error });
      });
      if (!found.isFile()) throw new Error(`${part} is no file: expected a GGUF file`);
      return { path: part, sizeBytes: found.size, mtimeMs: found.mtimeMs };
    }),
  );
}

interface Inspected {
  readonly facts: GgufFacts;
  readonly seesImages: boolean;
}

/** Reads the headers of a model's files. @throws NotGgufError that names the file. */
export async function inspectFiles(weightsPaths: readonly string[], projectorPath: string | undefined): Promise<Inspected> {
  const [facts] = await Promise.all(
    weightsPaths.map((path, part) =>
      explained(path, async () => {
        const header = await readGgufHeader(path);
        // Only the first part says what the model is.
        return part === 0 ? factsOf(header) : undefined;
      }),
    ),
  );
  if (facts === undefined) throw new NotGgufError("a model needs at least one file");
  const sees = projectorPath !== undefined && (await explained(projectorPath, async () => seesImages(await readGgufHeader(projectorPath))));
  return { facts, seesImages: sees };
}

async function explained<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof NotGgufError)) throw error;
    throw new NotGgufError(`${basename(path)} is no GGUF model that can be served: ${error.message}`, { cause: error });
  }
}

/** A manifest as the rest of the platform sees it; looks whether its files are still there. */
export async function installedModel(manifest: Manifest, directory: string): Promise<InstalledModel> {
  const { weights, projector, version: _, ...model } = manifest;
  const paths = weights.map((file) => pathOfFile(directory, file));
  const [first = "", ...parts] = paths;
  const gone = await Promise.all(
    filesOf(manifest).map(async (file) => ((await isUnchanged(file, directory)) ? [] : [pathOfFile(directory, file)])),
  );
  const weightsBytes = weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    ...model,
    weightsPaths: [first, ...parts],
    projectorPath: projector === undefined ? undefined : pathOfFile(directory, projector),
    weightsBytes,
    sizeBytes: weightsBytes + (projector?.sizeBytes ?? 0),
    missingFiles: gone.flat(),
  };
}

/** Of the size, and for a person's own file of the time, that it had. */
async function isUnchanged(file: ModelFile, directory: string): Promise<boolean> {
  const found = await stat(pathOfFile(directory, file)).catch(() => undefined);
  return found?.size === file.sizeBytes && (!("path" in file) || found.mtimeMs === file.mtimeMs);
}

/** Deletes fetched files, what lies beside them, and folders that are empty then. A person's own files stay. */
export async function deleteFiles(files: readonly Pick<WantedFile, "fileName">[], directory: string): Promise<void> {
  for (const { fileName } of files) {
    const path = resolve(join(directory, fileName));
    await rm(path, { force: true });
    await removeStamp(path);
    await discardPartial(`${path}.partial`);
    for (let folder = dirname(path); relative(directory, folder) !== ""; folder = dirname(folder)) {
      const emptied = await rmdir(folder).then(
        () => true,
        (error: unknown) => {
          if (hasCode(error, "ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY")) return false;
          throw error;
        },
      );
      if (!emptied) break;
    }
  }
}

/** The name of a person's own file as a model's id. */
export function idOfOwnFile(path: string): string {
  return modelNameOf(basename(path));
}
