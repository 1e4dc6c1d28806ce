import { EngineError } from "../../engine/engine-error.ts";

/** Between two tokens of an answer that a grammar binds. */
export const GRAMMAR_TOKEN_DEADLINE_MS = 60_000;

/**
 * Watches for a server that has stopped: a grammar that can be read in too many ways keeps it busy for ever, all its slots with it, while
 * it still calls itself healthy.
 */
export class TokenDeadline {
  readonly signal: AbortSignal;
  readonly #expired = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number, signal: AbortSignal, onExpired: () => void) {
    this.signal = AbortSignal.any([signal, this.#expired.signal]);
    this.#timer = setTimeout(() => {
      onExpired();
      this.#expired.abort(
        new EngineError("timeout", `The engine made no token for ${Math.round(milliseconds / 1_000)} s: it may be stuck in the grammar.`),
      );
    }, milliseconds);
    this.#timer.unref();
  }

  /** Passes on what comes, each of which begins the time anew. */
  async *watch<Item>(data: AsyncIterable<Item>): AsyncGenerator<Item> {
    try {
      for await (const item of data) {
        this.#timer.refresh();
        yield item;
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }
}
