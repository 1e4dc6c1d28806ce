import { appendFileSync, mkdirSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import { hasCode } from "../processes/error-code.ts";
import { LOG_FILE_NAME } from "./log-files.ts";

interface LogFileOptions {
  /** Made when it is missing, for its owner alone. */
  readonly directory: string;
  /** Called once when the file cannot be written any more, and once when it can again. @param lostLines since it could not. */
  readonly onChange: (
    change: { readonly works: false; readonly error: unknown } | { readonly works: true; readonly lostLines: number },
  ) => void;
  /** Size at which a new file is begun, bytes. Default 10 MiB. */
  readonly sizeBytes?: number;
  /** Older files that are kept. Default 4. */
  readonly keep?: number;
  /** How long to wait before a file that failed is tried again, milliseconds. Default 5,000. */
  readonly retryMs?: number;
}

/** Lines are written together: one system call in a thread of the pool, instead of one for each line. */
const BATCH_MS = 50;
/** What waits while the disk is slow or full; lines beyond it are lost rather than memory. */
const MOST_WAITING_CHARACTERS = 1024 * 1024;
const OWNER_ONLY = { file: 0o600, directory: 0o700 } as const;

/**
 * The log on disk, which can be read when the platform is dead. Writing never waits and never throws: the platform goes on without
 * its file. Nothing is opened before the first line, so that a start that is refused leaves the files of the running platform alone.
 */
export class LogFile {
  readonly #options: Required<LogFileOptions>;
  readonly #path: string;
  #stream: RotatingFileStream | undefined;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #lostLines = 0;
  #works = true;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: LogFileOptions) {
    this.#options = { sizeBytes: 10 * 1024 * 1024, keep: 4, retryMs: 5_000, ...options };
    this.#path = join(options.directory, LOG_FILE_NAME);
    process.on("exit", this.#writeRest);
  }

  /** @param line with its line end. */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#waitingCharacters + line.length > MOST_WAITING_CHARACTERS) {
      this.#lostLines++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (this.#writing === undefined) this.#timer ??= this.#flushIn(BATCH_MS);
  }

  /** Writes what waits, for at most so many milliseconds, and takes no more lines. */
  async close(deadlineMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const given = new AbortController();
    const flushed = (async () => {
      await this.#writing;
      await this.#flush();
      await new Promise<void>((resolve) => (this.#stream === undefined ? resolve() : this.#stream.end(() => resolve())));
    })();
    await Promise.race([flushed, delay(deadlineMs, undefined, { signal: given.signal }).catch(() => undefined)]);
    given.abort();
    process.off("exit", this.#writeRest);
  }

  #flushIn(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#flush().finally(() => {
        this.#writing = undefined;
        if (this.#waiting.length > 0 && !this.#closed) this.#timer ??= this.#flushIn(this.#works ? BATCH_MS : this.#options.retryMs);
      });
    }, milliseconds).unref();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    try {
      // A line that was cut off when the disk was full ends here.
      const text = (this.#works ? "" : "\n") + lines.join("");
      this.#stream ??= await this.#open();
      await append(this.#stream, text);
    } catch (error) {
      this.#stream = undefined;
      // Some of them may have been written; none is written twice.
      this.#lostLines += lines.length;
      if (this.#works) this.#options.onChange({ works: false, error });
      this.#works = false;
      return;
    }
    if (this.#works && this.#lostLines === 0) return;
    this.#options.onChange({ works: true, lostLines: this.#lostLines });
    this.#works = true;
    this.#lostLines = 0;
  }

  async #open(): Promise<RotatingFileStream> {
    const { directory, sizeBytes, keep } = this.#options;
    await mkdir(directory, { recursive: true, mode: OWNER_ONLY.directory });
    await chmod(this.#path, OWNER_ONLY.file).catch((error: unknown) => {
      if (!hasCode(error, "ENOENT")) throw error;
    });
    const stream = createStream(LOG_FILE_NAME, { path: directory, size: `${sizeBytes}B`, rotate: keep, mode: OWNER_ONLY.file });
    // Told by the write that it fails.
    stream.on("error", () => undefined);
    return stream;
  }

  /** The last words of a process that ends by itself. */
  readonly #writeRest = (): void => {
    if (this.#waiting.length === 0) return;
    try {
      mkdirSync(this.#options.directory, { recursive: true, mode: OWNER_ONLY.directory });
      appendFileSync(this.#path, this.#waiting.join(""), { mode: OWNER_ONLY.file });
    } catch {
      // Nobody is left to tell.
    }
  };
}

function append(stream: RotatingFileStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
