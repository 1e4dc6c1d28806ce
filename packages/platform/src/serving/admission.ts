import { ApiError } from "@bonfire/protocol/errors";

/**
 * Bounds how many requests for one model are inside at once, running and waiting: beyond that an honest "not now" is better than an
 * answer that comes too late.
 */
export class Admission {
  readonly #limit: number;
  #inside = 0;

  /** @param limit requests running and waiting together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns the function that gives the place back; calling it again does nothing. @throws ApiError `overloaded`. */
  enter(model: string): () => void {
    if (this.#inside >= this.#limit) {
      throw new ApiError("overloaded", `${model} has ${this.#inside} requests running and waiting already.`, { retryAfterSeconds: 1 });
    }
    this.#inside++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inside--;
    };
  }
}
