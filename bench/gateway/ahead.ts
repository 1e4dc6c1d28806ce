import type { Budget } from "../measure/budget.ts";
import type { Measured, Series } from "./measure-row.ts";
import type { Field } from "./target.ts";

interface AheadOptions {
  /** What is compared: `events/s`. */
  readonly name: string;
  readonly value: (measured: Measured) => number;
  readonly better: "less" | "more";
}

/**
 * Bonfire is not to be behind Portkey's gateway, which has neither keys nor a ledger; whichever of our tiers is measured. The two stand in the same
 * round, and a fault of either voids the comparison.
 */
export function aheadOfPortkey(series: Series, { direct, ours, portkey }: Field, { name, value, better }: AheadOptions): Budget[] {
  if (portkey === undefined) return [];
  return ours.map(({ tier, target }) => ({
    name: `${tier} ${name} to Portkey's`,
    measured: series.median(target, (own, theirs) => value(own) / value(theirs), portkey),
    limit: 1,
    relation: better === "less" ? "at-most" : "at-least",
    unit: "",
    void: series.fault(direct, target, portkey),
  }));
}
