import { TIERS, type Tier } from "./choose-next.ts";
import { FairTier, type Queued } from "./fair-tier.ts";

/** A request that waits. */
export interface Waiting extends Queued {
  readonly queue: WaitingQueue;
  readonly tier: Tier;
  readonly kind: string | undefined;
  /** @returns whether it has its place now. @throws what the request fails with. */
  readonly start: () => boolean;
  readonly refuse: (reason: unknown) => void;
}

/** What waits for one model. */
export class WaitingQueue {
  readonly name: string;
  #size = 0;
  readonly #tiers: Readonly<Record<Tier, FairTier<Waiting>>> = {
    priority: new FairTier(),
    default: new FairTier(),
    flex: new FairTier(),
    batch: new FairTier(),
  };
  readonly #sizes: Record<Tier, number> = { priority: 0, default: 0, flex: 0, batch: 0 };
  readonly #sizesOfKeys = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#size;
  }

  /** Keys of which something waits. */
  get keys(): number {
    return this.#sizesOfKeys.size;
  }

  sizeOf(tier: Tier): number {
    return this.#sizes[tier];
  }

  /** How many wait in a tier and in the more urgent ones. */
  sizeDownTo(tier: Tier): number {
    let size = 0;
    for (const each of TIERS) {
      size += this.#sizes[each];
      if (each === tier) break;
    }
    return size;
  }

  sizeOfKey(fairKey: string): number {
    return this.#sizesOfKeys.get(fairKey) ?? 0;
  }

  add(waiting: Waiting): void {
    this.#tiers[waiting.tier].add(waiting);
    this.#count(waiting, 1);
  }

  next(tier: Tier, isPassedOver: (waiting: Waiting) => boolean): Waiting | undefined {
    return this.#tiers[tier].next(isPassedOver);
  }

  inTurn(tier: Tier): readonly Waiting[] {
    return this.#tiers[tier].inTurn();
  }

  /** It got its place. */
  start(waiting: Waiting): void {
    this.#tiers[waiting.tier].start(waiting);
    this.#count(waiting, -1);
  }

  /** It leaves without one. */
  remove(waiting: Waiting): void {
    this.#tiers[waiting.tier].remove(waiting);
    this.#count(waiting, -1);
  }

  /** The last one to come of the least urgent tier, where that is less urgent than the given one. */
  lastBehind(tier: Tier): Waiting | undefined {
    const behind = TIERS.slice(TIERS.indexOf(tier) + 1).findLast((each) => this.#sizes[each] > 0);
    if (behind === undefined) return undefined;
    let last: Waiting | undefined;
    for (const waiting of this.#tiers[behind]) if (last === undefined || waiting.arrival > last.arrival) last = waiting;
    return last;
  }

  all(): readonly Waiting[] {
    return TIERS.flatMap((tier) => [...this.#tiers[tier]]);
  }

  #count({ tier, fairKey }: Waiting, change: 1 | -1): void {
    this.#size += change;
    this.#sizes[tier] += change;
    const ofKey = this.sizeOfKey(fairKey) + change;
    if (ofKey === 0) this.#sizesOfKeys.delete(fairKey);
    else this.#sizesOfKeys.set(fairKey, ofKey);
  }
}
