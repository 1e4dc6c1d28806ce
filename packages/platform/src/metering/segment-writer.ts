import { close, closeSync, fdatasync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { removeSegment } from "./segments.ts";

const closeFile = promisify(close);
const syncFile = promisify(fdatasync);

/** One segment that is being written. A line is in the kernel when `append` returns, or not in the file at all. */
export class SegmentWriter {
  readonly number: number;
  readonly path: string;
  readonly #file: number;
  #bytes = 0;
  #lastSync: Promise<void> = Promise.resolve();

  /** @throws when the file cannot be made. */
  constructor(number: number, path: string) {
    this.number = number;
    this.path = path;
    this.#file = openSync(path, "wx", 0o600);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws when the line cannot be written whole, as on a full disk. */
  append(line: string): void {
    const data = Buffer.from(line);
    let written = 0;
    // At a position: what a failed write left of a line is overwritten by the next one, and has no line feed until then.
    while (written < data.length) written += writeSync(this.#file, data, written, data.length - written, this.#bytes + written);
    this.#bytes += data.length;
  }

  /** Off the event loop; one at a time. */
  sync(): Promise<void> {
    this.#lastSync = this.#lastSync.catch(() => undefined).then(() => syncFile(this.#file));
    return this.#lastSync;
  }

  async syncAndClose(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await closeFile(this.#file);
    }
  }

  /** For a segment that was not taken into use. */
  discard(): void {
    closeSync(this.#file);
    removeSegment(this.path);
  }
}
