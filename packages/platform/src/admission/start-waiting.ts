import { TIERS, type Tier } from "./choose-next.ts";
import type { Waiting, WaitingQueue } from "./waiting-queue.ts";

interface Started {
  /** Called when one got its place, and when its try threw. */
  readonly onStart: (waiting: Waiting) => void;
  readonly onFailure: (waiting: Waiting, error: unknown) => void;
}

/**
 * Hands out the places that are free: tier by tier over all queues, since different queues may wait for the same place; inside a tier the
 * queues take turns, and inside a queue the keys do. One that finds no place is passed over, and not tried again in this pass: a place that
 * another one can use does not wait for it.
 */
export function startWaiting(queues: readonly WaitingQueue[], { onStart, onFailure }: Started): void {
  const passes = queues.map((queue) => new Pass(queue, { onStart, onFailure }));
  for (const tier of TIERS) {
    let turn = passes.filter(({ queue }) => queue.sizeOf(tier) > 0);
    while (turn.length > 0) turn = turn.filter((pass) => pass.startOne(tier));
  }
}

/** So many are looked for one by one, since most requests are of the same few kinds; for more of them it is cheaper to line all up. */
const FEW_TRIES = 4;

class Pass {
  readonly queue: WaitingQueue;
  readonly #started: Started;
  readonly #tried = new Set<Waiting>();
  readonly #hopelessKinds = new Set<string>();
  readonly #isPassedOver = (waiting: Waiting): boolean =>
    waiting.kind === undefined ? this.#tried.has(waiting) : this.#hopelessKinds.has(waiting.kind);

  constructor(queue: WaitingQueue, started: Started) {
    this.queue = queue;
    this.#started = started;
  }

  /** @returns whether one got a place: then the queue may have another turn. */
  startOne(tier: Tier): boolean {
    for (let tries = 0; tries < FEW_TRIES; tries++) {
      const next = this.queue.next(tier, this.#isPassedOver);
      if (next === undefined) return false;
      if (this.#start(next)) return true;
    }
    for (const next of this.queue.inTurn(tier)) if (!this.#isPassedOver(next) && this.#start(next)) return true;
    return false;
  }

  #start(waiting: Waiting): boolean {
    try {
      if (waiting.start()) {
        this.#started.onStart(waiting);
        return true;
      }
      if (waiting.kind === undefined) this.#tried.add(waiting);
      else this.#hopelessKinds.add(waiting.kind);
    } catch (error) {
      this.#started.onFailure(waiting, error);
    }
    return false;
  }
}
