import { setTimeout as delay } from "node:timers/promises";
import type { GenerateEvent } from "../engine/generation.ts";
import type { DeploymentBoard } from "../routing/deployment-board.ts";
import type { Route } from "../routing/route.ts";
import type { Attempt } from "./attempt.ts";
import type { HedgeBudgets } from "./hedge-budgets.ts";

export interface HedgeParts {
  readonly board: DeploymentBoard;
  readonly hedgeBudgets: HedgeBudgets;
}

export interface BegunAttempt {
  readonly attempt: Attempt;
  /** What came until the first content. */
  readonly seen: readonly GenerateEvent[];
}

/** Why the slower one of two attempts was stopped; the code stands in the ledger. */
class HedgeLost extends Error {
  override readonly name = "HedgeLost";
  readonly code = "hedge_lost";

  constructor() {
    super("Another attempt was faster.");
  }
}

/**
 * Waits for the first content of an attempt, or of a second one that is made beside it when the first keeps the client waiting (Dean and
 * Barroso, The Tail at Scale, 2013). The slower one is stopped; both stand in the ledger.
 * @param startOther undefined where there is nobody else, or no place for it.
 * @throws what the first one threw, where neither gave content.
 */
export async function beginHedged(
  first: Attempt,
  { hedge, model }: Pick<Route, "hedge" | "model">,
  { board, hedgeBudgets }: HedgeParts,
  startOther: () => Attempt | undefined,
): Promise<BegunAttempt> {
  if (hedge === undefined) return begin(first);
  const budget = hedgeBudgets.of(model, hedge.share);
  budget.noteRequest();
  const afterMs = hedge.afterMs === "p95" ? board.of(first.deployment.name).firstTokenP95Ms() : hedge.afterMs;
  const begun = begin(first);
  if (afterMs === undefined || !(await outlasts(begun, afterMs))) return begun;
  const second = budget.tryTake() ? startOther() : undefined;
  if (second === undefined) return begun;
  const besides = begin(second);
  try {
    const winner = await Promise.any([begun, besides]);
    const [loser, itsBegin] = winner.attempt === first ? [second, besides] : [first, begun];
    loser.abort(new HedgeLost());
    // It may have had its first content at the same moment.
    itsBegin.then(
      () => loser.return(),
      () => undefined,
    );
    return winner;
  } catch {
    return begun;
  }
}

async function begin(attempt: Attempt): Promise<BegunAttempt> {
  return { attempt, seen: await attempt.begin() };
}

/** Whether something is still not settled after so long. */
async function outlasts(work: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController();
  const settled = work.then(
    () => false,
    () => false,
  );
  const waited = delay(ms, true, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([settled, waited]);
  } finally {
    over.abort();
  }
}
