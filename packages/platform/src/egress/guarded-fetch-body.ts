import type { Dispatcher } from "undici";
import { decodeBody, isPlain } from "./body-decoder.ts";
import { FetchRefusedError } from "./guarded-fetch-error.ts";

type Body = Dispatcher.ResponseData["body"];
type Headers = Dispatcher.ResponseData["headers"];

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
  if (isPlain(encoding)) return packed;
  const unpacked = decodeBody(packed, String(encoding));
  if (unpacked === undefined) throw new FetchRefusedError("type", "Its server sends it in an encoding that it was not asked for.");
  return unpacked;
}
