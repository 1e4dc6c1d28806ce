import { type Arrived, chooseNext, inTurn } from "./choose-next.ts";

export interface Queued extends Arrived {
  readonly fairKey: string;
  /** Share of the turns beside other keys', above 0. */
  readonly weight: number;
}

/** Keys whose last turn is remembered though nothing of theirs waits. */
const MOST_LAST_TURNS = 1_000;

/** The requests of one tier that wait in one queue, and whose turn it is. */
export class FairTier<Waiting extends Queued> {
  #virtualTime = 0;
  readonly #flows = new Map<string, { turn: number; readonly waiting: Set<Waiting> }>();
  /** When the next turns of keys begin of which nothing waits: who comes back at once after a turn does not get the next one too. */
  readonly #nextTurns = new Map<string, number>();

  /** Those that wait, in no order that matters. */
  *[Symbol.iterator](): Iterator<Waiting> {
    for (const flow of this.#flows.values()) yield* flow.waiting;
  }

  add(waiting: Waiting): void {
    const flow = this.#flows.get(waiting.fairKey);
    if (flow !== undefined) {
      flow.waiting.add(waiting);
      return;
    }
    this.#flows.set(waiting.fairKey, { turn: this.#nextTurns.get(waiting.fairKey) ?? 0, waiting: new Set([waiting]) });
    this.#nextTurns.delete(waiting.fairKey);
  }

  next(isPassedOver: (waiting: Waiting) => boolean): Waiting | undefined {
    return chooseNext({ flows: this.#flows.values(), virtualTime: this.#virtualTime, isPassedOver });
  }

  inTurn(): readonly Waiting[] {
    return inTurn({ flows: this.#flows.values(), virtualTime: this.#virtualTime });
  }

  /** It got its place: its key has had a turn. */
  start(waiting: Waiting): void {
    const flow = this.#flows.get(waiting.fairKey);
    if (flow === undefined) return;
    this.#virtualTime = Math.max(flow.turn, this.#virtualTime);
    flow.turn = this.#virtualTime + 1 / waiting.weight;
    this.remove(waiting);
  }

  /** It leaves without a turn. */
  remove(waiting: Waiting): void {
    const flow = this.#flows.get(waiting.fairKey);
    if (flow?.waiting.delete(waiting) !== true || flow.waiting.size > 0) return;
    this.#flows.delete(waiting.fairKey);
    if (flow.turn <= this.#virtualTime) return;
    if (this.#nextTurns.size >= MOST_LAST_TURNS) this.#forgetTurns();
    this.#nextTurns.set(waiting.fairKey, flow.turn);
  }

  /** Those that have passed, and the older half of the others. */
  #forgetTurns(): void {
    for (const [key, turn] of this.#nextTurns) if (turn <= this.#virtualTime) this.#nextTurns.delete(key);
    for (const key of this.#nextTurns.keys()) {
      if (this.#nextTurns.size <= MOST_LAST_TURNS / 2) break;
      this.#nextTurns.delete(key);
    }
  }
}
