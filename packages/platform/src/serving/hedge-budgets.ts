import { HedgeBudget } from "../routing/hedge-budget.ts";

/** Names of routes with a star are made by clients. */
const MOST_BUDGETS = 1_000;

/** One budget for each route; a changed share begins anew. */
export class HedgeBudgets {
  readonly #budgets = new Map<string, { readonly share: number; readonly budget: HedgeBudget }>();

  /** @param route its name. */
  of(route: string, share: number): HedgeBudget {
    const known = this.#budgets.get(route);
    if (known?.share === share) return known.budget;
    if (this.#budgets.size >= MOST_BUDGETS) this.#budgets.clear();
    const budget = new HedgeBudget(share);
    this.#budgets.set(route, { share, budget });
    return budget;
  }
}
