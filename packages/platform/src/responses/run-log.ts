import type { GenerateEvent } from "../engine/generation.ts";

/** The events of one generation from its beginning, for as many readers as come, whenever they come. */
export class RunLog {
  readonly #events: GenerateEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  get events(): readonly GenerateEvent[] {
    return this.#events;
  }

  add(event: GenerateEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** All of them, those to come included, until the end or until the signal aborts. */
  async *read(signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    for (let position = 0; ; ) {
      signal.throwIfAborted();
      const event = this.#events[position];
      if (event !== undefined) {
        position++;
        yield event;
      } else if (this.#hasEnded) return;
      else await this.#next(signal);
    }
  }

  async #next(signal: AbortSignal): Promise<void> {
    let go = (): void => undefined;
    const news = new Promise<void>((resolve) => {
      go = resolve;
    });
    this.#waiting.add(go);
    signal.addEventListener("abort", go);
    await news;
    signal.removeEventListener("abort", go);
    this.#waiting.delete(go);
  }

  #wake(): void {
    for (const go of this.#waiting) go();
  }
}
