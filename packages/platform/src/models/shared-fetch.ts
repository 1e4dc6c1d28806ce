/**
 * Callers that want the same thing at the same time share one piece of work. Each may leave by its own signal; the work stops when the
 * last one has left.
 */
export class SharedFetch<T> {
  readonly #running = new Map<string, { work: Promise<T>; stop: AbortController; callers: number }>();

  /** @throws the caller's signal's reason as soon as it aborts, or what `work` throws. */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#start(key, work);
    shared.callers += 1;
    const listening = new AbortController();
    const left = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: listening.signal });
    });
    try {
      return await Promise.race([shared.work, left]);
    } finally {
      listening.abort();
      shared.callers -= 1;
      if (shared.callers === 0) {
        // Whoever comes now starts anew; the lock between processes lets the stopped work end first.
        if (this.#running.get(key) === shared) this.#running.delete(key);
        shared.stop.abort(new Error("nobody waits for it any more"));
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>) {
    const stop = new AbortController();
    const running = work(stop.signal);
    // A failure after the last caller has left is nobody's.
    running.catch(() => undefined);
    const shared = { work: running, stop, callers: 0 };
    this.#running.set(key, shared);
    return shared;
  }
}
