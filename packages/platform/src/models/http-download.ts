import { createHash } from "node:crypto";
import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import { addToHash, type Checksum } from "./verified-file.ts";

export interface HttpDownload {
  readonly url: string;
  /** Sent to the URL's own origin only, never to a host that it redirects to. */
  readonly token?: string;
  readonly expected: Checksum;
  /** Where the bytes gather; kept after a failure, so that the next attempt resumes. */
  readonly partialPath: string;
  readonly onBytes: (receivedBytes: number) => void;
  readonly signal: AbortSignal;
}

/** The other side answered with a status that is no file. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;

  constructor(status: number, url: URL) {
    super(`HTTP ${status} from ${url.host}`);
    this.status = status;
  }
}

/** What the file at the partial path is the beginning of. */
const partialStamp = z.object({ url: z.string(), etag: z.string() });

const CONNECT_TIMEOUT_MS = 3_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** Longest silence in the middle of a body. */
const BODY_TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;
/** A connection that was cut is resumed this often, as long as each attempt brings at least one byte. */
const MAX_RESUMES = 20;

/**
 * Downloads a file to `partialPath` and checks its size and hash. Resumes what an earlier attempt left, when the server can and the
 * file is still the same there (its ETag).
 * @throws HttpStatusError, a network error, an Error about size or hash (then the partial file is gone), or the signal's reason.
 */
export async function downloadFile(download: HttpDownload): Promise<void> {
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
  });
  try {
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
  } finally {
    await dispatcher.destroy();
  }
}

async function attemptDownload(download: HttpDownload, dispatcher: Dispatcher): Promise<void> {
  const { partialPath, expected, signal, url } = download;
  const resume = await resumePoint(download);
  // A crash between the last byte and the rename leaves a whole file.
  if (resume !== undefined && resume.offset === expected.sizeBytes)
    return finish(download, await hashOf(partialPath, resume.offset, signal));

  const headers = resume === undefined ? {} : { range: `bytes=${resume.offset}-`, "if-range": resume.etag };
  const response = await followRedirects(download, headers, dispatcher);
  const offset = acceptedOffset(response, resume?.offset ?? 0);
  if (offset === undefined) {
    await response.body.dump();
    if (resume === undefined) throw new HttpStatusError(response.statusCode, response.url);
    // 416, or a range we did not ask for: what we have is no beginning of what is there now.
    await discardPartial(partialPath);
    return attemptDownload(download, dispatcher);
  }

  const announced = response.headers["content-length"];
  if (typeof announced === "string" && offset + Number(announced) !== expected.sizeBytes) {
    response.body.destroy();
    await discardPartial(partialPath);
    throw new Error(`the file there has ${offset + Number(announced)} bytes, not ${expected.sizeBytes}`);
  }
  const hash = await hashOf(partialPath, offset, signal);
  await noteEtag(partialPath, url, response.headers.etag);
  const file = await open(partialPath, offset === 0 ? "w" : "a");
  let received = offset;
  try {
    download.onBytes(received);
    const chunks: AsyncIterable<Buffer> = response.body;
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > expected.sizeBytes) break;
      hash.update(chunk);
      await file.write(chunk);
      download.onBytes(received);
    }
  } finally {
    await file.close();
  }
  if (received < expected.sizeBytes) throw new Error(`the connection ended after ${received} of ${expected.sizeBytes} bytes`);
  return finish(download, hash);
}

async function finish({ partialPath, expected }: HttpDownload, hash: ReturnType<typeof createHash>): Promise<void> {
  const sha256 = hash.digest("hex");
  if (sha256 === expected.sha256 && (await sizeOf(partialPath)) === expected.sizeBytes) {
    await rm(stampPath(partialPath), { force: true });
    return;
  }
  await discardPartial(partialPath);
  throw new Error(`its sha256 is ${sha256}, not ${expected.sha256}`);
}

interface Response {
  readonly url: URL;
  readonly statusCode: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Dispatcher.ResponseData["body"];
}

/** By hand, because the token must stay with its own origin. */
async function followRedirects(download: HttpDownload, headers: Record<string, string>, dispatcher: Dispatcher): Promise<Response> {
  const home = new URL(download.url);
  let url = home;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const authorization = download.token !== undefined && url.origin === home.origin ? { authorization: `Bearer ${download.token}` } : {};
    const response = await request(url, {
      dispatcher,
      signal: download.signal,
      // Bytes are counted and resumed as they lie there, so no compression on the way.
      headers: { "user-agent": "bonfire", "accept-encoding": "identity", ...headers, ...authorization },
    });
    const location = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== "string") return { ...response, url };
    await response.body.dump();
    const next = new URL(location, url);
    if (home.protocol === "https:" && next.protocol !== "https:")
      throw new Error(`${url.host} redirects to ${next.protocol}//, which is not encrypted`);
    url = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects from ${home.host}`);
}

/** From which byte the body goes on: 0 for a whole file, undefined when the answer is no part that fits what we have. */
function acceptedOffset(response: Response, asked: number): number | undefined {
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
  if (offset === 0 || offset > expected.sizeBytes) return undefined;
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

async function hashOf(path: string, bytes: number, signal: AbortSignal): Promise<ReturnType<typeof createHash>> {
  const hash = createHash("sha256");
  return bytes === 0 ? hash : addToHash(hash, path, signal);
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
