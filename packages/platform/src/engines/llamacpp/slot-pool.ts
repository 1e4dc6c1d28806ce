/** One of the server's slots: a place in its batch with a KV cache of its own. */
export interface Slot {
  readonly id: number;
  /** What its cache begins with, as far as we know: the token ids of the last prompt that was sent to it. */
  tokens: readonly number[];
}

/**
 * Hands out the slots of one replica, first come first served. The platform is the server's only client and names the slot in each
 * request, so that a prompt fed in slices is never interrupted by another one in the same slot.
 */
export class SlotPool {
  readonly #count: number;
  readonly #free: Slot[];
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = Array.from({ length: count }, (_, id) => ({ id, tokens: [] }));
  }

  get inUse(): number {
    return this.#count - this.#free.length;
  }

  /** @throws the signal's reason when it aborts while waiting. */
  async acquire(prompt: readonly number[], signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const chosen = chooseSlot(this.#free, prompt);
    if (chosen !== undefined) {
      this.#free.splice(this.#free.indexOf(chosen), 1);
      return chosen;
    }
    return new Promise<Slot>((resolve, reject) => {
      const take = (slot: Slot) => {
        signal.removeEventListener("abort", leave);
        resolve(slot);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal.reason);
      };
      this.#waiting.push(take);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  release(slot: Slot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }
}

/**
 * The free slot whose cache the prompt goes on from: of those that share at least half of the shorter one, the one that shares most, so that
 * this part need not be computed again. Less than that is a common greeting of the template, for which no other conversation should lose its
 * cache: then the slot that was freed first.
 */
export function chooseSlot(free: readonly Slot[], prompt: readonly number[]): Slot | undefined {
  let best = free[0];
  let bestLength = 0;
  for (const slot of free) {
    const length = commonPrefixLength(slot.tokens, prompt);
    if (length > bestLength && length >= Math.min(slot.tokens.length, prompt.length) / 2) {
      best = slot;
      bestLength = length;
    }
  }
  return best;
}

export function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}
