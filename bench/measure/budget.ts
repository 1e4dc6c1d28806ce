/** One line of the verdict. */
export interface Budget {
  readonly name: string;
  readonly measured: number;
  readonly limit: number;
  /** `at-most`: the measured value may not be above the limit. */
  readonly relation: "at-most" | "at-least";
  /** Such as "ms"; empty for ratios and counts. */
  readonly unit: string;
  /** Why the measurement does not count; a void measurement is a missed budget. */
  readonly void?: string | undefined;
}

/** A value that is no number misses: what was not measured was not kept. */
export function isKept({ measured, limit, relation, void: reason }: Budget): boolean {
  if (reason !== undefined) return false;
  return relation === "at-most" ? measured <= limit : measured >= limit;
}

export function describeBudget(budget: Budget): string {
  const { name, measured, limit, relation, unit, void: reason } = budget;
  const suffix = unit === "" ? "" : ` ${unit}`;
  const verdict = isKept(budget) ? "PASS" : "MISS";
  const note = reason === undefined ? "" : `  void: ${reason}`;
  return `${verdict}  ${name}  ${rounded(measured)}${suffix}  budget ${relation === "at-most" ? "≤" : "≥"} ${limit}${suffix}${note}`;
}

/** Prints the verdict. @returns the exit code of the run. */
export function conclude(budgets: readonly Budget[]): number {
  console.log("\nBudgets");
  for (const budget of budgets) console.log(describeBudget(budget));
  const missed = budgets.filter((budget) => !isKept(budget)).length;
  console.log(`${budgets.length - missed} kept, ${missed} missed`);
  return missed === 0 && budgets.length > 0 ? 0 : 1;
}

export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "not measured";
  const size = Math.abs(value);
  return size >= 1_000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : size >= 10 ? value.toFixed(2) : value.toFixed(3);
}
