/** What was started and must be stopped: in reverse order, each once, whatever the others do. */
export class Lifetime {
  readonly #parts: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  readonly #onFailure: (part: string, error: unknown) => void;
  #ended: Promise<void> | undefined;

  constructor(onFailure: (part: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  add(name: string, stop: () => Promise<void>): void {
    this.#parts.push({ name, stop });
  }

  /** Safe to call twice. Never rejects. */
  end(): Promise<void> {
    this.#ended ??= this.#stopAll();
    return this.#ended;
  }

  async #stopAll(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.stop();
      } catch (error) {
        this.#onFailure(part.name, error);
      }
    }
  }
}
