import { ImageError } from "./image-error.ts";
import { formatBytes } from "./image-limits.ts";

/** What the images of one request may still have together, as files. */
export class ByteBudget {
  readonly #total: number;
  #left: number;

  constructor(total: number) {
    this.#total = total;
    this.#left = total;
  }

  get left(): number {
    return this.#left;
  }

  /** @throws ImageError `too-large` */
  spend(bytes: number): void {
    if (bytes > this.#left) throw this.exceeded();
    this.#left -= bytes;
  }

  exceeded(cause?: unknown): ImageError {
    return new ImageError("too-large", `The images of the request have more than ${formatBytes(this.#total)} together.`, { cause });
  }
}
