import { pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** Servers that compress although they were asked not to. */
const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** @returns undefined for an encoding that nobody asked for and nobody knows */
export function decodeBody(packed: AsyncIterable<Uint8Array>, encoding: string): AsyncIterable<Buffer> | undefined {
  const name = encoding.trim().toLowerCase();
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  // Its failures come out of the decoder as well, where they are caught.
  return decoder === undefined ? undefined : pipeline(Readable.from(packed), decoder(), () => undefined);
}

export function isPlain(encoding: string | string[] | undefined): boolean {
  return encoding === undefined || encoding === "" || encoding === "identity";
}
