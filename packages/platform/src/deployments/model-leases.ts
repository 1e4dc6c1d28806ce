import type { ModelClient } from "../engine/engine.ts";
import type { Clock } from "./clock.ts";

/** The right to use a model's client for one request. While it is held the model is not unloaded for another one. */
export interface ModelLease {
  readonly client: ModelClient;
  /** Calling it again does nothing. */
  release(): void;
}

/** Counts the requests that run on one model. */
export class ModelLeases {
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  #count = 0;
  #lastUsedAt: number | undefined;

  /** @param onIdle is called each time that the last one is released. */
  constructor(clock: Clock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  get count(): number {
    return this.#count;
  }

  get lastUsedAt(): number | undefined {
    return this.#lastUsedAt;
  }

  grant(client: ModelClient): ModelLease {
    this.#count++;
    this.#lastUsedAt = this.#clock.now();
    let released = false;
    return {
      client,
      release: () => {
        if (released) return;
        released = true;
        this.#count--;
        this.#lastUsedAt = this.#clock.now();
        if (this.#count === 0) this.#onIdle();
      },
    };
  }
}
