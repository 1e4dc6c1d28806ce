import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";

/** What a file is. */
export interface Checksum {
  readonly sizeBytes: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
}

/** What a file must be, as far as anybody knows before it is there. */
export interface Expected {
  readonly sizeBytes?: number | undefined;
  readonly sha256?: string | undefined;
}

/** Beside the file: it was this when it was hashed, so an unchanged file need not be hashed at every start. */
const stamp = z.object({ sizeBytes: z.int(), mtimeMs: z.number(), sha256: z.string() });

export type FileState = "verified" | "missing" | "different";

interface CheckOptions {
  readonly signal: AbortSignal;
  /** Called before the file is hashed, which takes a second for each gigabyte or so. */
  readonly onHash?: (() => void) | undefined;
}

/** Whether the file at `path` is what it must be. Hashes it when it has no stamp or has changed since, and then leaves a stamp. */
export async function checkFile(path: string, expected: Expected, { signal, onHash }: CheckOptions): Promise<FileState> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return "missing";
  if (expected.sizeBytes !== undefined && found.size !== expected.sizeBytes) return "different";
  const known = await readStamp(path);
  const unchanged = known?.sizeBytes === found.size && known.mtimeMs === found.mtimeMs;
  if (!unchanged) onHash?.();
  const sha256 = unchanged ? known.sha256 : await hashFile(path, signal);
  if (expected.sha256 !== undefined && sha256 !== expected.sha256) return "different";
  if (!unchanged) await writeStamp(path, sha256);
  return "verified";
}

/** The same, hashed in any case. */
export async function rehashFile(path: string, expected: Checksum, options: CheckOptions): Promise<FileState> {
  await removeStamp(path);
  return checkFile(path, expected, options);
}

/** What a file is that has been checked or fetched. Hashes it when that has not been noted. */
export async function checksumOf(path: string, signal: AbortSignal): Promise<Checksum> {
  if ((await checkFile(path, {}, { signal })) === "missing") throw new Error(`${path} is gone`);
  const known = await readStamp(path);
  if (known === undefined) throw new Error(`${path} changes while it is read`);
  return { sizeBytes: known.sizeBytes, sha256: known.sha256 };
}

/** Notes that the file as it lies there now has this hash. */
export async function writeStamp(path: string, sha256: string): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  const temporary = `${stampPath(path)}.new`;
  await writeFile(temporary, `${JSON.stringify({ sizeBytes: size, mtimeMs, sha256 })}\n`);
  await rename(temporary, stampPath(path));
}

export async function removeStamp(path: string): Promise<void> {
  await rm(stampPath(path), { force: true });
}

/** Hexadecimal SHA-256 of a whole file. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  return (await addToHash(createHash("sha256"), path, signal)).digest("hex");
}

/** Feeds a file into a hash that is under way. */
export async function addToHash(hash: Hash, path: string, signal: AbortSignal): Promise<Hash> {
  const bytes: AsyncIterable<Buffer> = createReadStream(path, { signal, highWaterMark: 256 * 1024 });
  for await (const chunk of bytes) hash.update(chunk);
  return hash;
}

async function readStamp(path: string) {
  try {
    return stamp.parse(JSON.parse(await readFile(stampPath(path), "utf8")));
  } catch {
    // None yet, or damaged: the file is hashed again.
    return undefined;
  }
}

function stampPath(path: string): string {
  return `${path}.verified.json`;
}
