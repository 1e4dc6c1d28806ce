import { createReadStream } from "node:fs";

/** Far more than a record has: what is longer is damage, and is not held in memory. */
const LONGEST_LINE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

/** The file, not what is done with its lines, is at fault. */
export class SegmentUnreadableError extends Error {
  override readonly name = "SegmentUnreadableError";
}

/**
 * The complete lines of a file. What follows the last line feed was torn off and is left out; an overlong line comes as an empty one.
 * @throws SegmentUnreadableError
 */
export async function* segmentLines(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const keep = (part: Buffer) => {
    restBytes += part.length;
    if (restBytes <= LONGEST_LINE_BYTES) rest.push(part);
    else rest = [];
  };
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      keep(chunk.subarray(from, end));
      yield restBytes > LONGEST_LINE_BYTES ? "" : Buffer.concat(rest).toString("utf8");
      rest = [];
      restBytes = 0;
      from = end + 1;
    }
    keep(chunk.subarray(from));
  }
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    // Without an encoding a stream of a file gives buffers.
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (cause) {
    throw new SegmentUnreadableError("The file cannot be read.", { cause });
  }
}
