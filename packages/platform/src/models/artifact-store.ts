import { mkdir, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { withPathLock } from "../processes/path-lock.ts";
import type { PythonTools } from "../processes/python-tools.ts";
import { ArtifactUnavailableError, type FailedSource } from "./artifact-error.ts";
import { freeDiskBytes, openSource, type SourceServices } from "./artifact-sources.ts";
import type { Artifact } from "./catalog.ts";
import { discardPartial } from "./http-download.ts";
import { SharedFetch } from "./shared-fetch.ts";
import { checkFile, writeStamp } from "./verified-file.ts";

export type ArtifactProgress =
  | { readonly type: "source"; readonly fileName: string; readonly source: string }
  | { readonly type: "bytes"; readonly fileName: string; readonly receivedBytes: number; readonly totalBytes: number }
  | { readonly type: "source-failed"; readonly fileName: string; readonly source: string; readonly reason: string }
  /** Another process fetches the same file. */
  | { readonly type: "waiting"; readonly fileName: string; readonly holder: string };

interface ArtifactStoreOptions {
  /** Holds the files and nothing else. */
  readonly directory: string;
  readonly huggingFace: SourceServices["huggingFace"];
  readonly python: PythonTools;
  readonly onProgress: (progress: ArtifactProgress) => void;
  /** @default asks the file system */
  readonly freeBytes?: SourceServices["freeBytes"];
}

/** The model files on this machine. */
export interface ArtifactStore {
  /** Where the file lies, or will lie. */
  pathOf(artifact: Artifact): string;
  /**
   * The path of the verified file, fetched from the first source that has it where it is not there yet.
   * @throws ArtifactUnavailableError, or the signal's reason.
   */
  fetch(artifact: Artifact, signal: AbortSignal): Promise<string>;
}

export function createArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { directory, huggingFace, python, onProgress } = options;
  const services: SourceServices = { huggingFace, python, freeBytes: options.freeBytes ?? freeDiskBytes };
  const shared = new SharedFetch<string>();
  const pathOf = (artifact: Artifact) => resolve(join(directory, artifact.fileName));

  async function fetchLocked(artifact: Artifact, path: string, signal: AbortSignal): Promise<string> {
    const { fileName } = artifact;
    await mkdir(dirname(path), { recursive: true });
    const onWait = (holder: string) => onProgress({ type: "waiting", fileName, holder });
    return withPathLock(`${path}.lock`, () => fetchMissing(artifact, path, signal), { signal, onWait });
  }

  async function fetchMissing(artifact: Artifact, path: string, signal: AbortSignal): Promise<string> {
    const { fileName, sizeBytes: totalBytes } = artifact;
    // Another process may have brought it while we waited for the lock.
    const state = await checkFile(path, artifact, signal);
    if (state === "verified") return path;
    const failures: FailedSource[] = [];
    if (state === "different") failures.push({ source: "the file that is there", reason: "has another size or sha256", cause: undefined });

    for (const entry of artifact.sources) {
      const source = openSource(entry, services);
      onProgress({ type: "source", fileName, source: source.description });
      const onBytes = (receivedBytes: number) => onProgress({ type: "bytes", fileName, receivedBytes, totalBytes });
      try {
        await rename(await source.fetch({ artifact, path, onBytes, signal }), path);
        await writeStamp(path, artifact.sha256);
        await discardPartial(`${path}.partial`);
        return path;
      } catch (error) {
        signal.throwIfAborted();
        const reason = source.explain(error);
        failures.push({ source: source.description, reason, cause: error });
        onProgress({ type: "source-failed", fileName, source: source.description, reason });
      }
    }
    throw new ArtifactUnavailableError(path, artifact.sha256, failures);
  }

  return {
    pathOf,
    async fetch(artifact, signal) {
      const path = pathOf(artifact);
      return shared.run(path, (stop) => fetchUnlessThere(artifact, path, stop), signal);
    },
  };

  /** A file that is there and verified costs two `stat`s and no lock. */
  async function fetchUnlessThere(artifact: Artifact, path: string, signal: AbortSignal): Promise<string> {
    return (await checkFile(path, artifact, signal)) === "verified" ? path : fetchLocked(artifact, path, signal);
  }
}
