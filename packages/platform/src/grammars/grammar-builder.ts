import { lowerRepetitions } from "./bounded-repetition.ts";
import { GrammarTooLargeError } from "./grammar-errors.ts";
import type { Expression, RuleReference } from "./grammar-expression.ts";
import { productiveRules, pruneRules } from "./productive-rules.ts";
import { writeRule } from "./write-gbnf.ts";

/** Beyond these an engine would take seconds for a grammar alone. */
const MOST_RULES = 100_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * Collects the rules of one GBNF grammar. Names are hints: a rule whose name is taken gets a number, so that several schemas and patterns
 * fit into one grammar:
 *
 *     const grammar = new GrammarBuilder();
 *     const { rule, shortfalls } = addJsonSchema(grammar, tool.parameters);
 *     grammar.toGbnf(sequence('<tool_call>{"name": "get_weather", "arguments": ', rule, "}</tool_call>"));
 */
export class GrammarBuilder {
  readonly #rules = new Map<string, Expression>();
  readonly #shared = new Map<string, RuleReference>();
  /** `root` is the whole grammar's. */
  readonly #taken = new Set(["root"]);
  readonly #nextNumber = new Map<string, number>();

  /** A name for a rule that is not yet known, so that others can refer to it: for recursion. */
  reserve(hint: string): RuleReference {
    const name = this.#freeName(hint);
    this.#taken.add(name);
    if (this.#taken.size > MOST_RULES) throw new GrammarTooLargeError(`The grammar would have more than ${MOST_RULES} rules.`);
    return { kind: "rule", name };
  }

  define(rule: RuleReference, body: Expression): void {
    this.#rules.set(rule.name, lowerRepetitions(this, body));
  }

  addRule(hint: string, body: Expression): RuleReference {
    const rule = this.reserve(hint);
    this.define(rule, body);
    return rule;
  }

  /** One rule for all who ask by the same key. `make` may ask for the rule itself. */
  sharedRule(key: string, hint: string, make: () => Expression): RuleReference {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const rule = this.reserve(hint);
    this.#shared.set(key, rule);
    this.define(rule, make());
    return rule;
  }

  /** The rules that no text can satisfy so far. */
  unproductive(): ReadonlySet<string> {
    const productive = productiveRules(this.#rules);
    return new Set([...this.#rules.keys()].filter((name) => !productive.has(name)));
  }

  bodyOf(rule: string): Expression | undefined {
    return this.#rules.get(rule);
  }

  /**
   * The grammar of one expression, with the rules that it needs and the rule `root` first.
   * @throws GrammarTooLargeError
   */
  toGbnf(root: Expression): string {
    const body = lowerRepetitions(this, root);
    const rules = new Map([...this.#rules, ["root", body] as const]);
    let text = "";
    for (const [name, pruned] of pruneRules(rules, "root")) {
      text += writeRule(name, pruned);
      if (text.length > MOST_CHARACTERS) throw new GrammarTooLargeError(`The grammar would have more than ${MOST_CHARACTERS} characters.`);
    }
    return text;
  }

  #freeName(hint: string): string {
    // Letters, digits and dashes are what names are made of.
    const base =
      hint
        .replaceAll(/[^A-Za-z0-9]+/g, "-")
        .replaceAll(/^-+|-+$/g, "")
        .slice(0, 40) || "rule";
    if (!this.#taken.has(base)) return base;
    for (let number = this.#nextNumber.get(base) ?? 2; ; number += 1) {
      const name = `${base}-${number}`;
      this.#nextNumber.set(base, number + 1);
      if (!this.#taken.has(name)) return name;
    }
  }
}
