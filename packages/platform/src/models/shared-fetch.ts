interface Shared<T, P> {
  readonly work: Promise<T>;
  readonly stop: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  callers: number;
}

interface Caller<P> {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: P) => void;
}

/**
 * Callers that want the same thing at the same time share one piece of work, and all hear of its progress. Each may leave by its own
 * signal; the work stops when the last one has left.
 */
export class SharedFetch<T, P> {
  readonly #running = new Map<string, Shared<T, P>>();

  /** @throws the caller's signal's reason as soon as it aborts, or what `work` throws. */
  async run(key: string, work: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>, caller: Caller<P>): Promise<T> {
    const { signal } = caller;
    signal.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#start(key, work);
    shared.callers += 1;
    // One listener for each caller, also where two callers bring the same function.
    const listener = (progress: P) => caller.onProgress(progress);
    shared.listeners.add(listener);
    const listening = new AbortController();
    const left = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: listening.signal });
    });
    try {
      return await Promise.race([shared.work, left]);
    } finally {
      listening.abort();
      shared.listeners.delete(listener);
      shared.callers -= 1;
      if (shared.callers === 0) {
        // Whoever comes now starts anew; the lock between processes lets the stopped work end first.
        if (this.#running.get(key) === shared) this.#running.delete(key);
        shared.stop.abort(new Error("nobody waits for it any more"));
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>): Shared<T, P> {
    const stop = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    // Begun in a later turn, so that the first caller hears of all of it.
    const running = Promise.resolve().then(() =>
      work(stop.signal, (progress) => {
        for (const listener of listeners) listener(progress);
      }),
    );
    // A failure after the last caller has left is nobody's.
    running.catch(() => undefined);
    const shared = { work: running, stop, listeners, callers: 0 };
    this.#running.set(key, shared);
    return shared;
  }
}
