import { ImageError } from "./image-error.ts";

interface QueueLimits {
  /** How many tasks run at once. */
  readonly running: number;
  readonly waiting: number;
}

/** Runs a few tasks at once, lets some wait for their turn in order, and refuses the rest. */
export class BoundedQueue {
  readonly #limits: QueueLimits;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** @throws ImageError `overloaded`, or the reason of the signal while it waits. */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#running < this.#limits.running) this.#running++;
    else await this.#turn(signal);
    try {
      return await task();
    } finally {
      this.#passOn();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#limits.waiting) {
      throw new ImageError("overloaded", "Too many images are being read at the moment: try again in a few seconds.");
    }
    let leave = (): void => undefined;
    const turn = new Promise<void>((resolve, reject) => {
      leave = () => {
        this.#waiting.delete(resolve);
        reject(signal.reason);
      };
      this.#waiting.add(resolve);
    });
    signal.addEventListener("abort", leave, { once: true });
    try {
      await turn;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** The place goes straight to who waits longest, so that nobody slips in between. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
