/** What is reported by callback, as something to iterate over. Nothing is dropped; the reporter is never held up. */
export class ProgressQueue<Item> implements AsyncIterable<Item> {
  #items: Item[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  add(item: Item): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Those that wait are still handed out. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
