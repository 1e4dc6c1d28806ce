/** Most urgent first. */
export const TIERS = ["priority", "default", "flex", "batch"] as const;
export type Tier = (typeof TIERS)[number];

/** Has the smaller one, the sooner it came. */
export interface Arrived {
  readonly arrival: number;
}

/** What one key has waiting in one tier. */
export interface Flow<Waiting extends Arrived> {
  /** Virtual time at which the key's next turn begins. */
  readonly turn: number;
  /** At least one, in the order in which they came. */
  readonly waiting: Iterable<Waiting>;
}

interface Line<Waiting extends Arrived> {
  readonly flows: Iterable<Flow<Waiting>>;
  readonly virtualTime: number;
}

interface Choice<Waiting extends Arrived> extends Line<Waiting> {
  /** Whether one was tried in this pass, or would fail as one that was. */
  readonly isPassedOver: (waiting: Waiting) => boolean;
}

/**
 * Start-time fair queueing (Goyal, Vin and Cheng 1996) over the keys of one tier: the key whose turn begins first, then the request that came
 * first. A turn that lies behind the virtual time counts as now: who could not use it keeps its place at the front but saves up no turns.
 */
export function chooseNext<Waiting extends Arrived>({ flows, virtualTime, isPassedOver }: Choice<Waiting>): Waiting | undefined {
  let best: Waiting | undefined;
  let bestTurn = Number.POSITIVE_INFINITY;
  for (const flow of flows) {
    const turn = Math.max(flow.turn, virtualTime);
    if (turn > bestTurn) continue;
    const first = firstOf(flow.waiting, isPassedOver);
    if (first === undefined) continue;
    if (best !== undefined && turn === bestTurn && first.arrival > best.arrival) continue;
    best = first;
    bestTurn = turn;
  }
  return best;
}

function firstOf<Waiting>(waiting: Iterable<Waiting>, isPassedOver: (waiting: Waiting) => boolean): Waiting | undefined {
  for (const one of waiting) if (!isPassedOver(one)) return one;
  return undefined;
}

/** All of them in the order in which `chooseNext` would choose them if each were passed over: for when many are. */
export function inTurn<Waiting extends Arrived>({ flows, virtualTime }: Line<Waiting>): readonly Waiting[] {
  const line: { readonly turn: number; readonly one: Waiting }[] = [];
  for (const flow of flows) {
    const turn = Math.max(flow.turn, virtualTime);
    for (const one of flow.waiting) line.push({ turn, one });
  }
  return line.sort((a, b) => a.turn - b.turn || a.one.arrival - b.one.arrival).map(({ one }) => one);
}
