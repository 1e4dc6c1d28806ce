import type { Clock } from "./clock.ts";

interface Waiting<T> {
  readonly since: number;
  readonly settle: (outcome: { readonly value: T } | { readonly error: unknown }) => void;
}

interface Wait {
  readonly signal: AbortSignal;
  /** No bound where it is absent. */
  readonly atMostMs?: number | undefined;
  readonly onTimeout: () => Error;
}

/** Requests that wait for the same thing, in the order in which they came. Each leaves with it, with a failure, by its signal, or after its longest wait. */
export class WaitingRequests<T> {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** When the oldest one came. */
  get since(): number | undefined {
    return this.#waiting.values().next().value?.since;
  }

  /** @throws the signal's reason, `onTimeout`'s error, or what `failAll` is given. */
  wait({ signal, atMostMs, onTimeout }: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = () => waiting.settle({ error: signal.reason });
      const cancelTimer = atMostMs === undefined ? undefined : this.#clock.after(atMostMs, () => waiting.settle({ error: onTimeout() }));
      const waiting: Waiting<T> = {
        since: this.#clock.now(),
        settle: (outcome) => {
          cancelTimer?.();
          signal.removeEventListener("abort", leave);
          this.#waiting.delete(waiting);
          if ("value" in outcome) resolve(outcome.value);
          else reject(outcome.error);
        },
      };
      this.#waiting.add(waiting);
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    });
  }

  serveAll(make: () => T): void {
    for (const waiting of [...this.#waiting]) waiting.settle({ value: make() });
  }

  failAll(error: Error): void {
    for (const waiting of [...this.#waiting]) waiting.settle({ error });
  }
}
