import type { FileHandle } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1024;
const LINE_END = 0x0a;

/** Lines from the end of a file, the last one first, no more read than is asked for. @param end offset in bytes, usually after a line end. */
export async function* linesBackward(handle: FileHandle, end: number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for (let position = end; position > 0; ) {
    const block = await readBlock(handle, Math.max(0, position - BLOCK_BYTES), Math.min(BLOCK_BYTES, position));
    position = Math.max(0, position - BLOCK_BYTES);
    let stop = block.length;
    for (let at = lastLineEnd(block, stop); at >= 0; at = lastLineEnd(block, stop)) {
      const line = Buffer.concat([block.subarray(at + 1, stop), ...rest]);
      rest = [];
      stop = at;
      if (line.length > 0) yield line.toString("utf8");
    }
    rest = [block.subarray(0, stop), ...rest];
  }
  const first = Buffer.concat(rest);
  if (first.length > 0) yield first.toString("utf8");
}

/** Offset after the last complete line. */
export async function endOfLastLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  for (let position = size; position > 0; position -= BLOCK_BYTES) {
    const from = Math.max(0, position - BLOCK_BYTES);
    const at = (await readBlock(handle, from, position - from)).lastIndexOf(LINE_END);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}

/** Reads forward from an offset; what is not a whole line yet waits for its end. */
export class LineReader {
  readonly #handle: FileHandle;
  #offset: number;
  #rest: Buffer[] = [];

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#offset = offset;
  }

  /** The lines that were completed since the last call; undefined when nothing was added. */
  async next(): Promise<readonly string[] | undefined> {
    const block = await readBlock(this.#handle, this.#offset, BLOCK_BYTES);
    if (block.length === 0) {
      // Somebody emptied the file.
      if ((await this.#handle.stat()).size >= this.#offset) return undefined;
      this.#offset = 0;
      this.#rest = [];
      return [];
    }
    this.#offset += block.length;
    const lines: string[] = [];
    let start = 0;
    for (let at = block.indexOf(LINE_END); at >= 0; at = block.indexOf(LINE_END, start)) {
      const line = Buffer.concat([...this.#rest, block.subarray(start, at)]);
      this.#rest = [];
      start = at + 1;
      if (line.length > 0) lines.push(line.toString("utf8"));
    }
    this.#rest.push(block.subarray(start));
    return lines;
  }
}

function lastLineEnd(block: Buffer, before: number): number {
  return before === 0 ? -1 : block.lastIndexOf(LINE_END, before - 1);
}

async function readBlock(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
