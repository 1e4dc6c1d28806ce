import { type Expression, mapReferences, NEVER, referencesIn } from "./grammar-expression.ts";

export type Rules = ReadonlyMap<string, Expression>;

/** The rules that can be written to an end: of the others (`a ::= "x" a`) a model would write for ever. */
export function productiveRules(rules: Rules): ReadonlySet<string> {
  const productive = new Set<string>();
  const order = leavesFirst(rules);
  for (let before = -1; before !== productive.size; ) {
    before = productive.size;
    for (const [name, body] of order) if (!productive.has(name) && canEnd(body, productive)) productive.add(name);
  }
  return productive;
}

/** What is left of the rules that a root reaches when options without an end are taken out; in the order in which they are reached. */
export function pruneRules(rules: Rules, root: string): Rules {
  const productive = productiveRules(rules);
  const kept = new Map<string, Expression>();
  const waiting = [root];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const body = rules.get(name);
    if (body === undefined || kept.has(name)) continue;
    const pruned = mapReferences(body, (reference) => (productive.has(reference.name) ? reference : NEVER));
    kept.set(name, pruned);
    waiting.push(...referencesIn(pruned).toReversed());
  }
  return kept;
}

function canEnd(expression: Expression, productive: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case "literal":
    case "characters":
      return true;
    case "rule":
      return productive.has(expression.name);
    case "sequence":
      return expression.parts.every((part) => canEnd(part, productive));
    case "choice":
      return expression.options.some((option) => canEnd(option, productive));
    case "repeat":
      return expression.min === 0 || canEnd(expression.of, productive);
  }
}

/** Rules after those that they name, wherever there is no cycle: one pass is enough for most grammars. Without recursion: chains are long. */
function leavesFirst(rules: Rules): readonly (readonly [string, Expression])[] {
  const order: [string, Expression][] = [];
  const seen = new Set<string>();
  for (const start of rules.keys()) {
    const path = [{ name: start, leaving: false }];
    for (let step = path.pop(); step !== undefined; step = path.pop()) {
      const body = rules.get(step.name);
      if (body === undefined) continue;
      if (step.leaving) {
        order.push([step.name, body]);
      } else if (!seen.has(step.name)) {
        seen.add(step.name);
        path.push({ name: step.name, leaving: true });
        for (const name of referencesIn(body)) if (!seen.has(name)) path.push({ name, leaving: false });
      }
    }
  }
  return order;
}
