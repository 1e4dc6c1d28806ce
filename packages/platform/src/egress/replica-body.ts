import type { IncomingHttpHeaders } from "node:http";
import { EngineError } from "../engine/engine-error.ts";
import { decodeBody, isPlain } from "./body-decoder.ts";
import type { ByteSource } from "./exchange.ts";

/** The bytes of an answer without the compression that nobody asked for. @throws EngineError `bad-response` for one that nobody knows */
export function unpacked(source: ByteSource, headers: IncomingHttpHeaders): ByteSource {
  const encoding = headers["content-encoding"];
  if (isPlain(encoding)) return source;
  const decoded = decodeBody(chunksOf(source), String(encoding));
  if (decoded === undefined) throw new EngineError("bad-response", "The engine compressed its answer in a way that it was not asked for.");
  const chunks = decoded[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await chunks.next();
      return done === true ? undefined : [value];
    },
  };
}

/** A whole body as text. @throws EngineError `bad-response` for one that is too large, and where it breaks off */
export async function readWhole(source: ByteSource, limitBytes: number): Promise<string> {
  const body: Buffer[] = [];
  if (!(await gather(source, limitBytes, body))) throw new EngineError("bad-response", "The engine's answer is too large.");
  return Buffer.concat(body).toString("utf8");
}

/** The beginning of a body, however it ends. */
export async function readBeginning(source: ByteSource, limitBytes: number): Promise<string> {
  const body: Buffer[] = [];
  try {
    await gather(source, limitBytes, body);
  } catch {
    // What came is what there is.
  }
  return Buffer.concat(body).toString("utf8", 0, limitBytes);
}

/** @returns whether that was all */
async function gather(source: ByteSource, limitBytes: number, into: Buffer[]): Promise<boolean> {
  let bytes = 0;
  for (let chunks = await source.next(); chunks !== undefined; chunks = await source.next()) {
    for (const chunk of chunks) {
      into.push(chunk);
      bytes += chunk.length;
    }
    if (bytes > limitBytes) return false;
  }
  return true;
}

async function* chunksOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (let chunks = await source.next(); chunks !== undefined; chunks = await source.next()) yield* chunks;
}
