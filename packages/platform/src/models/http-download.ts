import { createHash } from "node:crypto";
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import {
  type Connections,
  type FollowedResponse,
  HttpStatusError,
  type OriginToken,
  requestFollowing,
  withConnections,
} from "../egress/download-http.ts";
import type { ProxySettings } from "../egress/proxy-settings.ts";
import { addToHash, type Checksum, type Expected } from "./verified-file.ts";

interface HttpDownload {
  readonly url: string;
  readonly authorization?: OriginToken | undefined;
  readonly proxy?: ProxySettings | undefined;
  /** What is not known is taken from what comes. */
  readonly expected: Expected;
  /** Where the bytes gather; kept after a failure, so that the next attempt resumes. */
  readonly partialPath: string;
  /** The total is undefined when neither the caller nor the server knows it. */
  readonly onBytes: (receivedBytes: number, totalBytes: number | undefined) => void;
  /** Called before bytes of an earlier attempt are hashed. */
  readonly onHash?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** What the file at the partial path is the beginning of. */
const partialStamp = z.object({ url: z.string(), etag: z.string() });

/** A connection that was cut is resumed this often, as long as each attempt brings at least one byte. */
const MAX_RESUMES = 20;

/**
 * Downloads a file to `partialPath` and checks its size and hash. Resumes what an earlier attempt left, when the server can and the
 * file is still the same there (its ETag).
 * @returns what the file is.
 * @throws HttpStatusError, a network error, an Error about size or hash (then the partial file is gone), or the signal's reason.
 */
export async function downloadFile(download: HttpDownload): Promise<Checksum> {
  return withConnections(async (dispatcher) => {
    for (let attempt = 0; ; attempt += 1) {
      const before = await sizeOf(download.partialPath);
      try {
        return await attemptDownload(download, dispatcher);
      } catch (error) {
        download.signal.throwIfAborted();
        const progressed = (await sizeOf(download.partialPath)) > before;
        if (!progressed || attempt === MAX_RESUMES || error instanceof HttpStatusError) throw error;
      }
    }
  }, download.proxy);
}

async function attemptDownload(download: HttpDownload, dispatcher: Connections): Promise<Checksum> {
  const { partialPath, expected, signal, url, authorization } = download;
  const resume = await resumePoint(download);
  // A crash between the last byte and the rename leaves a whole file.
  if (resume !== undefined && resume.offset === expected.sizeBytes) return finish(download, await hashOf(download, resume.offset));

  const headers = resume === undefined ? {} : { range: `bytes=${resume.offset}-`, "if-range": resume.etag };
  const response = await requestFollowing({ url, method: "GET", headers, authorization, signal, dispatcher });
  const offset = acceptedOffset(response, resume?.offset ?? 0);
  if (offset === undefined) {
    await response.body.dump();
    if (resume === undefined) throw new HttpStatusError(response.statusCode, response.url);
    // 416, or a range we did not ask for: what we have is no beginning of what is there now.
    await discardPartial(partialPath);
    return attemptDownload(download, dispatcher);
  }
  const announced = announcedBytes(response);
  const total = expected.sizeBytes ?? (announced === undefined ? undefined : offset + announced);
  if (announced !== undefined && total !== undefined && offset + announced !== total) {
    response.body.destroy();
    await discardPartial(partialPath);
    throw new Error(`the file there has ${offset + announced} bytes, not ${total}`);
  }
  const hash = await hashOf(download, offset);
  await noteEtag(partialPath, url, response.headers.etag);
  const file = await open(partialPath, offset === 0 ? "w" : "a");
  let received = offset;
  try {
    download.onBytes(received, total);
    const chunks: AsyncIterable<Buffer> = response.body;
    for await (const chunk of chunks) {
      received += chunk.length;
      if (total !== undefined && received > total) break;
      hash.update(chunk);
      await file.write(chunk);
      download.onBytes(received, total);
    }
  } finally {
    await file.close();
  }
  if (total !== undefined && received < total) throw new Error(`the connection ended after ${received} of ${total} bytes`);
  return finish({ ...download, expected: { ...expected, sizeBytes: total } }, hash);
}

async function finish({ partialPath, expected }: HttpDownload, hash: ReturnType<typeof createHash>): Promise<Checksum> {
  const sha256 = hash.digest("hex");
  const sizeBytes = await sizeOf(partialPath);
  if (sha256 === (expected.sha256 ?? sha256) && sizeBytes === (expected.sizeBytes ?? sizeBytes)) {
    await rm(stampPath(partialPath), { force: true });
    return { sizeBytes, sha256 };
  }
  await discardPartial(partialPath);
  if (sha256 === (expected.sha256 ?? sha256)) throw new Error(`the file there has more than ${expected.sizeBytes} bytes`);
  throw new Error(`its sha256 is ${sha256}, not ${expected.sha256}`);
}

function announcedBytes(response: FollowedResponse): number | undefined {
  const length = response.headers["content-length"];
  return typeof length === "string" ? Number(length) : undefined;
}

/** From which byte the body goes on: 0 for a whole file, undefined when the answer is no part that fits what we have. */
function acceptedOffset(response: FollowedResponse, asked: number): number | undefined {
  if (response.statusCode === 200) return 0;
  if (response.statusCode === 206) {
    const start = /^bytes (\d+)-/.exec(String(response.headers["content-range"]))?.[1];
    return start !== undefined && Number(start) === asked ? asked : undefined;
  }
  if (response.statusCode === 416) return undefined;
  throw new HttpStatusError(response.statusCode, response.url);
}

/** Where to go on, when a partial file of this very URL is there. */
async function resumePoint({ partialPath, url, expected }: HttpDownload): Promise<{ offset: number; etag: string } | undefined> {
  const offset = await sizeOf(partialPath);
  if (offset === 0 || offset > (expected.sizeBytes ?? Number.POSITIVE_INFINITY)) return undefined;
  try {
    const known = partialStamp.parse(JSON.parse(await readFile(stampPath(partialPath), "utf8")));
    return known.url === url ? { offset, etag: known.etag } : undefined;
  } catch {
    return undefined;
  }
}

/** Only a strong ETag may be used in `If-Range` (RFC 9110, section 13.1.5). */
async function noteEtag(partialPath: string, url: string, etag: string | readonly string[] | undefined): Promise<void> {
  if (typeof etag === "string" && etag.startsWith('"')) await writeFile(stampPath(partialPath), JSON.stringify({ url, etag }));
  else await rm(stampPath(partialPath), { force: true });
}

async function hashOf({ partialPath, onHash, signal }: HttpDownload, bytes: number): Promise<ReturnType<typeof createHash>> {
  const hash = createHash("sha256");
  if (bytes === 0) return hash;
  onHash?.();
  return addToHash(hash, partialPath, signal);
}

export async function discardPartial(partialPath: string): Promise<void> {
  await rm(partialPath, { force: true });
  await rm(stampPath(partialPath), { force: true });
}

/** Bytes of the file, 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function stampPath(partialPath: string): string {
  return `${partialPath}.json`;
}
