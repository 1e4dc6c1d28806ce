import type { MemoryBytes } from "../engine/engine.ts";
import { describeMemory, fitsInto, remainingMemory, totalMemory } from "./memory.ts";

export interface LoadedModel extends MemoryBytes {
  readonly id: string;
  /** A request runs on it, or it is still being loaded. */
  readonly busy: boolean;
  readonly pinned: boolean;
  readonly lastUsedAt: number;
}

interface EvictionCase {
  readonly needed: MemoryBytes;
  /** What all models together may take. */
  readonly budget: MemoryBytes;
  readonly loaded: readonly LoadedModel[];
}

/** fits: there is room once these are gone, in this order; wait: busy ones stand in the way; impossible: not even alone. */
export type Evictions =
  | { readonly kind: "fits"; readonly evict: readonly string[] }
  | { readonly kind: "wait" }
  | { readonly kind: "impossible"; readonly reason: string };

/**
 * Which loaded models make room for another one: the least recently used idle ones, no more than are needed, and only such as hold the kind
 * of memory that is short. Pinned ones come last, when even all others, busy ones included, would not be enough. A busy one never.
 */
export function chooseEvictions({ needed, budget, loaded }: EvictionCase): Evictions {
  if (!fitsInto(needed, budget)) {
    return { kind: "impossible", reason: `it needs ${describeMemory(needed)}; the memory budget is ${describeMemory(budget)}` };
  }
  // More may be loaded than the budget holds, when an estimate was too low: then a kind is short of which nothing is needed.
  const short = remainingMemory(totalMemory([needed, ...loaded]), budget);
  const helpful = loaded
    .filter(({ ramBytes, vramBytes }) => (short.ramBytes > 0 && ramBytes > 0) || (short.vramBytes > 0 && vramBytes > 0))
    .sort((one, other) => Number(one.pinned) - Number(other.pinned) || one.lastUsedAt - other.lastUsedAt);
  const unpinned = helpful.filter(({ pinned }) => !pinned);
  const candidates = fitsWithout(unpinned) ? unpinned : helpful;
  const evict: LoadedModel[] = [];
  for (const model of candidates.filter(({ busy }) => !busy)) {
    if (fitsWithout(evict)) break;
    evict.push(model);
  }
  return fitsWithout(evict) ? { kind: "fits", evict: evict.map(({ id }) => id) } : { kind: "wait" };

  function fitsWithout(gone: readonly LoadedModel[]): boolean {
    return fitsInto(totalMemory([needed, ...loaded.filter((model) => !gone.includes(model))]), budget);
  }
}
