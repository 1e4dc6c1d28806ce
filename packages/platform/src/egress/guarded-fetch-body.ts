import { pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Dispatcher } from "undici";
import { FetchRefusedError } from "./guarded-fetch-error.ts";

type Body = Dispatcher.ResponseData["body"];
type Headers = Dispatcher.ResponseData["headers"];

/** Servers that compress although they were asked not to. */
const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Reads a body of at most so many bytes, both as they come over the network and unpacked. @throws FetchRefusedError `size`, `type`. */
export async function readLimitedBody(body: Body, headers: Headers, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): FetchRefusedError => new FetchRefusedError("size", `It has more than the ${maxBytes} bytes that are allowed.`);
  if (Number(headers["content-length"]) > maxBytes) throw tooLarge();

  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of unpack(limited(body, maxBytes, tooLarge), headers["content-encoding"])) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

async function* limited(body: Body, maxBytes: number, tooLarge: () => FetchRefusedError): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // A compressed stream can go on for ever without unpacking to anything.
    if (size > maxBytes) throw tooLarge();
    yield chunk;
  }
}

function unpack(packed: AsyncGenerator<Uint8Array>, encoding: string | string[] | undefined): AsyncIterable<Uint8Array> {
  if (encoding === undefined || encoding === "identity") return packed;
  const name = String(encoding).toLowerCase();
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (decoder === undefined) throw new FetchRefusedError("type", "Its server sends it in an encoding that it was not asked for.");
  // Its failures come out of the decoder as well, where they are caught.
  return pipeline(Readable.from(packed), decoder(), () => undefined);
}
