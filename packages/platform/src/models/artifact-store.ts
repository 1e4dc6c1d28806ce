import { mkdir, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { withPathLock } from "../processes/path-lock.ts";
import type { PythonTools } from "../processes/python-tools.ts";
import { ArtifactUnavailableError, type FailedSource } from "./artifact-error.ts";
import { freeDiskBytes, openSource, type SourceServices } from "./artifact-sources.ts";
import type { Source } from "./catalog.ts";
import { discardPartial } from "./http-download.ts";
import type { ArtifactProgress } from "./progress.ts";
import { SharedFetch } from "./shared-fetch.ts";
import { checkFile, type Expected, writeStamp } from "./verified-file.ts";

export type { ArtifactProgress } from "./progress.ts";

/** A file that may have to be fetched. What is not known of it is taken from the source that brings it. */
export interface WantedFile extends Expected {
  /** Relative to the store's folder. */
  readonly fileName: string;
  /** Tried in this order. */
  readonly sources: readonly Source[];
}

interface ArtifactStoreOptions {
  /** Holds the files. */
  readonly directory: string;
  readonly huggingFace: SourceServices["huggingFace"];
  readonly python: PythonTools;
  /** Hears of every fetch that brings no listener of its own. */
  readonly onProgress?: (progress: ArtifactProgress) => void;
  /** @default asks the file system */
  readonly freeBytes?: SourceServices["freeBytes"];
}

/** The model files on this machine. */
export interface ArtifactStore {
  /** Where the file lies, or will lie. */
  pathOf(file: Pick<WantedFile, "fileName">): string;
  /**
   * The path of the verified file, fetched from the first source that has it where it is not there yet.
   * @throws ArtifactUnavailableError, or the signal's reason.
   */
  fetch(file: WantedFile, signal: AbortSignal, onProgress?: (progress: ArtifactProgress) => void): Promise<string>;
}

type Report = (progress: ArtifactProgress) => void;

export function createArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { directory, huggingFace, python } = options;
  const services: SourceServices = { huggingFace, python, freeBytes: options.freeBytes ?? freeDiskBytes };
  const shared = new SharedFetch<string, ArtifactProgress>();
  const pathOf = ({ fileName }: Pick<WantedFile, "fileName">) => resolve(join(directory, fileName));

  /** A file that is there and verified costs two `stat`s and no lock. */
  async function fetchUnlessThere(file: WantedFile, signal: AbortSignal, report: Report): Promise<string> {
    const path = pathOf(file);
    if ((await check(file, signal, report)) === "verified") return path;
    await mkdir(dirname(path), { recursive: true });
    const onWait = (holder: string) => report({ type: "waiting", fileName: file.fileName, holder });
    return withPathLock(`${path}.lock`, () => fetchMissing(file, signal, report), { signal, onWait });
  }

  function check(file: WantedFile, signal: AbortSignal, report: Report) {
    return checkFile(pathOf(file), file, { signal, onHash: () => report({ type: "verifying", fileName: file.fileName }) });
  }

  async function fetchMissing(file: WantedFile, signal: AbortSignal, report: Report): Promise<string> {
    const { fileName } = file;
    const path = pathOf(file);
    // Another process may have brought it while we waited for the lock.
    const state = await check(file, signal, report);
    if (state === "verified") return path;
    const failures: FailedSource[] = [];
    if (state === "different") failures.push({ source: "the file that is there", reason: "has another size or sha256", cause: undefined });

    for (const entry of file.sources) {
      const source = openSource(entry, services);
      report({ type: "source", fileName, source: source.description });
      try {
        const fetched = await source.fetch({
          expected: file,
          path,
          onBytes: (receivedBytes, total) => report({ type: "bytes", fileName, receivedBytes, totalBytes: total ?? receivedBytes }),
          onHash: () => report({ type: "verifying", fileName }),
          signal,
        });
        await rename(fetched.path, path);
        await writeStamp(path, fetched.sha256);
        await discardPartial(`${path}.partial`);
        return path;
      } catch (error) {
        signal.throwIfAborted();
        const reason = source.explain(error);
        failures.push({ source: source.description, reason, cause: error });
        report({ type: "source-failed", fileName, source: source.description, reason });
      }
    }
    throw new ArtifactUnavailableError(path, file.sha256, failures);
  }

  return {
    pathOf,
    fetch(file, signal, onProgress = options.onProgress ?? (() => undefined)) {
      return shared.run(pathOf(file), (stop, report) => fetchUnlessThere(file, stop, report), { signal, onProgress });
    },
  };
}
