import { type FileHandle, open } from "node:fs/promises";

/** The file cannot be a model for llama.cpp; the message says why. */
export class NotGgufError extends Error {
  override readonly name = "NotGgufError";
}

export type GgufValue = number | string | boolean | readonly number[];

export interface GgufHeader {
  /** Without the long lists: tokens, scores and merges of a tokenizer are passed over. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Weights in this file, one for each number. */
  readonly parameterCount: number;
}

const MAGIC = 0x46_55_47_47;
/** Little-endian files of these versions are what llama.cpp loads today. */
const VERSIONS: readonly number[] = [2, 3];
const WINDOW_BYTES = 1024 * 1024;
/** Far above real models, so that a crafted file costs neither memory nor minutes. */
const MAX_ENTRIES = 100_000;
const MAX_TENSORS = 1_000_000;
const MAX_STRING_BYTES = 4 * 1024 * 1024;
const MAX_LIST = 1_000_000_000;
const MAX_DIMENSIONS = 8;
/** Lists up to this length are kept: counts for each layer. */
const KEPT_LIST = 2_048;

const STRING = 8;
const LIST = 9;
/** Bytes of each scalar type, by its number in the format. */
const SCALAR_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

type ReadScalar = (buffer: Buffer, at: number) => number | boolean;
const READ_SCALAR: Readonly<Record<number, ReadScalar>> = {
  0: (buffer, at) => buffer.readUInt8(at),
  1: (buffer, at) => buffer.readInt8(at),
  2: (buffer, at) => buffer.readUInt16LE(at),
  3: (buffer, at) => buffer.readInt16LE(at),
  4: (buffer, at) => buffer.readUInt32LE(at),
  5: (buffer, at) => buffer.readInt32LE(at),
  6: (buffer, at) => buffer.readFloatLE(at),
  7: (buffer, at) => buffer.readUInt8(at) !== 0,
  10: (buffer, at) => Number(buffer.readBigUInt64LE(at)),
  11: (buffer, at) => Number(buffer.readBigInt64LE(at)),
  12: (buffer, at) => buffer.readDoubleLE(at),
};

/**
 * Reads the header of a GGUF file, a window of a megabyte at a time, and checks that the file is long enough for its tensors.
 * Own code rather than a package: those at hand build an object for every token, which holds the event loop for half a second.
 * @throws NotGgufError, or the error of the file system.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, "r");
  try {
    return await new HeaderReader(file, (await file.stat()).size).read();
  } finally {
    await file.close();
  }
}

class HeaderReader {
  readonly #file: FileHandle;
  readonly #fileBytes: number;
  #window: Buffer = Buffer.alloc(0);
  /** Where the window begins in the file. */
  #start = 0;
  /** Next byte, from the window's beginning. */
  #at = 0;

  constructor(file: FileHandle, fileBytes: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  async read(): Promise<GgufHeader> {
    if (this.#fileBytes < 4 || (await this.#uint32()) !== MAGIC) throw new NotGgufError("it does not begin as a GGUF file does");
    const version = await this.#uint32();
    if (!VERSIONS.includes(version)) throw new NotGgufError(`its GGUF version or byte order is not supported (${version})`);
    const tensors = await this.#count(MAX_TENSORS, "tensors");
    const entries = await this.#count(MAX_ENTRIES, "metadata entries");
    const metadata = new Map<string, GgufValue>();
    for (let entry = 0; entry < entries; entry += 1) {
      const key = await this.#string();
      const value = await this.#value(await this.#uint32());
      if (value !== undefined) metadata.set(key, value);
    }
    return { metadata, parameterCount: await this.#tensorInfos(tensors, metadata.get("general.alignment")) };
  }

  /** @returns how many weights there are. */
  async #tensorInfos(count: number, alignment: GgufValue | undefined): Promise<number> {
    let parameters = 0;
    let lastOffset = 0;
    for (let tensor = 0; tensor < count; tensor += 1) {
      await this.#string();
      const dimensions = await this.#uint32();
      if (dimensions > MAX_DIMENSIONS) throw new NotGgufError(`a tensor has ${dimensions} dimensions`);
      let size = 1;
      for (let dimension = 0; dimension < dimensions; dimension += 1) size *= await this.#uint64();
      parameters += size;
      await this.#uint32();
      lastOffset = Math.max(lastOffset, await this.#uint64());
    }
    const step = typeof alignment === "number" && alignment > 0 ? alignment : 32;
    const dataStart = Math.ceil((this.#start + this.#at) / step) * step;
    if (count > 0 && dataStart + lastOffset >= this.#fileBytes) throw new NotGgufError("it ends before its last tensor");
    return parameters;
  }

  /** Undefined for what is passed over. */
  async #value(type: number): Promise<GgufValue | undefined> {
    if (type === STRING) return this.#string();
    if (type === LIST) return this.#list();
    return this.#scalar(type);
  }

  async #list(): Promise<readonly number[] | undefined> {
    const type = await this.#uint32();
    const count = await this.#count(MAX_LIST, "entries in a list");
    if (type === STRING) {
      await this.#skipStrings(count);
      return undefined;
    }
    const bytes = SCALAR_BYTES[type];
    if (bytes === undefined) throw new NotGgufError(`a list has entries of the unknown type ${type}`);
    if (count > KEPT_LIST) {
      await this.#skip(count * bytes);
      return undefined;
    }
    const values: number[] = [];
    for (let entry = 0; entry < count; entry += 1) values.push(Number(await this.#scalar(type)));
    return values;
  }

  async #scalar(type: number): Promise<number | boolean> {
    const read = READ_SCALAR[type];
    const bytes = SCALAR_BYTES[type];
    if (read === undefined || bytes === undefined) throw new NotGgufError(`an entry has the unknown type ${type}`);
    return read(this.#window, await this.#take(bytes));
  }

  async #string(): Promise<string> {
    const bytes = await this.#uint64();
    if (bytes > MAX_STRING_BYTES) throw new NotGgufError(`a text has ${bytes} bytes`);
    const at = await this.#take(bytes);
    return this.#window.toString("utf8", at, at + bytes);
  }

  async #count(limit: number, what: string): Promise<number> {
    const count = await this.#uint64();
    if (count > limit) throw new NotGgufError(`it claims ${count} ${what}`);
    return count;
  }

  async #uint32(): Promise<number> {
    const at = await this.#take(4);
    return this.#window.readUInt32LE(at);
  }

  async #uint64(): Promise<number> {
    const at = await this.#take(8);
    return Number(this.#window.readBigUInt64LE(at));
  }

  /** Hundreds of thousands in a tokenizer: inside a window they are walked without a turn of the event loop for each. */
  async #skipStrings(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      await this.#skip(await this.#uint64());
      for (; left > 1 && this.#at + 8 <= this.#window.length; left -= 1) {
        this.#at += 8 + Number(this.#window.readBigUInt64LE(this.#at));
      }
    }
  }

  async #skip(bytes: number): Promise<void> {
    if (bytes > this.#fileBytes - this.#start - this.#at) throw cutShort();
    this.#at += bytes;
  }

  /** Makes so many bytes readable, and @returns where they begin in the window. */
  async #take(bytes: number): Promise<number> {
    if (this.#at + bytes > this.#window.length) await this.#move(bytes);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }

  async #move(bytes: number): Promise<void> {
    const start = this.#start + this.#at;
    const length = Math.min(Math.max(WINDOW_BYTES, bytes), this.#fileBytes - start);
    if (length < bytes) throw cutShort();
    const window = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(window, filled, length - filled, start + filled);
      if (bytesRead === 0) throw cutShort();
      filled += bytesRead;
    }
    this.#window = window;
    this.#start = start;
    this.#at = 0;
  }
}

function cutShort(): NotGgufError {
  return new NotGgufError("it ends in the middle of its header");
}
