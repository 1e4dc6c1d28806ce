import type { MemoryBytes } from "../engine/engine.ts";
import { chooseEvictions, type LoadedModel } from "./choose-evictions.ts";
import { fitsInto, remainingMemory, totalMemory } from "./memory.ts";

export interface QueuedModel {
  readonly id: string;
  readonly needed: MemoryBytes;
  /** When the oldest request that waits for it came. */
  readonly queuedAt: number;
}

export interface ResidentModel extends LoadedModel {
  /** It takes no new requests, so that it becomes idle for somebody who waits. */
  readonly closed: boolean;
  /** It is being unloaded: its memory is on its way. */
  readonly leaving: boolean;
  /** Until then it stays, unless somebody has run out of patience: it has served as long as its load took. */
  readonly staysUntil: number;
}

interface LoadCase {
  readonly now: number;
  /** What all models together may take. */
  readonly budget: MemoryBytes;
  readonly queue: readonly QueuedModel[];
  readonly resident: readonly ResidentModel[];
  /** How long the first in the queue lets others go before it. */
  readonly patienceMs: number;
}

export type LoadStep =
  | { readonly kind: "none" }
  | { readonly kind: "load"; readonly id: string }
  | { readonly kind: "evict"; readonly id: string; readonly evict: readonly string[] }
  /** `close`: these take no new requests, so that they become idle. `lookAgainAt`: when time alone changes the answer. */
  | { readonly kind: "wait"; readonly id: string; readonly close: readonly string[]; readonly lookAgainAt?: number }
  | { readonly kind: "refuse"; readonly id: string; readonly reason: string };

/**
 * What to do next for the models that wait for memory. The rule, against models that take each other's place again and again:
 *
 * 1. Models are loaded in the order in which their oldest request came. All requests for one model wait together and are served by one load.
 * 2. While the first in the queue has patience, loaded models go on taking requests; only idle ones make room for it, and only those that have
 *    been ready for as long as their load took. One behind it may be loaded first if it fits into memory that is free.
 * 3. When its patience ends, nobody overtakes any more, and the models that stand in its way take no new requests: these wait in the queue in
 *    their turn. So the wait is bounded by patience and the longest request that runs.
 */
export function chooseNextLoad({ now, budget, queue, resident, patienceMs }: LoadCase): LoadStep {
  const [head, ...behind] = [...queue].sort((one, other) => one.queuedAt - other.queuedAt);
  if (head === undefined) return { kind: "none" };
  const { id, needed } = head;
  const free = remainingMemory(budget, totalMemory(resident));
  if (fitsInto(needed, free)) return { kind: "load", id };

  const patienceEndsAt = head.queuedAt + patienceMs;
  const patient = now < patienceEndsAt;
  const staying = resident.filter(({ leaving }) => !leaving);
  const choose = (loaded: readonly LoadedModel[]) => chooseEvictions({ needed, budget, loaded });
  const choice = choose(staying.map((model) => ({ ...model, busy: model.busy || (patient && now < model.staysUntil) })));
  if (choice.kind === "impossible") return { kind: "refuse", id, reason: choice.reason };
  if (choice.kind === "fits") {
    // With nobody to evict, it waits for the memory of those that are leaving.
    return choice.evict.length === 0 ? { kind: "wait", id, close: [] } : { kind: "evict", id, evict: choice.evict };
  }
  if (patient) {
    const overtaker = behind.find((other) => fitsInto(other.needed, free));
    if (overtaker !== undefined) return { kind: "load", id: overtaker.id };
    const changes = staying.flatMap(({ busy, staysUntil }) => (!busy && staysUntil > now ? [staysUntil] : []));
    return { kind: "wait", id, close: [], lookAgainAt: Math.min(patienceEndsAt, ...changes) };
  }
  // Those that are closed come first, so that the choice does not move on to others while their last requests end.
  const drained = choose(staying.map((model) => ({ ...model, busy: false, lastUsedAt: model.closed ? 0 : model.lastUsedAt })));
  return { kind: "wait", id, close: drained.kind === "fits" ? drained.evict : [] };
}
