import { arrayExpression } from "./array-grammar.ts";
import { CycleCheck } from "./cycle-check.ts";
import { neverSatisfies } from "./disjoint-schemas.ts";
import { enumeratedExpression, enumeratedValues } from "./enumerated-grammar.ts";
import type { GrammarBuilder } from "./grammar-builder.ts";
import { SchemaError } from "./grammar-errors.ts";
import { choice, type Expression, literal, NEVER, type RuleReference, referencesIn } from "./grammar-expression.ts";
import { addJsonValue, jsonBoolean } from "./json-grammar.ts";
import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";
import { type JsonType, joinPath } from "./json-schema-keywords.ts";
import { numberExpression } from "./number-grammar.ts";
import { objectExpression } from "./object-grammar.ts";
import { declaredNames, hasOnlyDeclared } from "./object-shape.ts";
import type { SchemaCompilation } from "./schema-compilation.ts";
import { type Conjunction, conjunctionKey, conjunctionOf } from "./schema-conjunction.ts";
import { satisfies } from "./schema-evaluation.ts";
import { answeredTypes } from "./schema-types.ts";
import type { Union } from "./schema-unions.ts";
import type { ReportShortfall, Shortfall } from "./shortfall.ts";
import { stringExpression } from "./string-grammar.ts";

/** Pairs of alternatives that are compared to find out whether two may hold at once. */
const MOST_BRANCHES_COMPARED = 60;
/** Alternatives beside alternatives multiply. */
const MOST_COMBINATIONS = 2_000;

interface Task {
  readonly rule: RuleReference;
  readonly seeds: readonly SchemaNode[];
  readonly conjunction: Conjunction;
  /** Keys of the unions for which a branch is among the seeds. */
  readonly decided: ReadonlySet<string>;
  readonly hint: string;
}

/** Compiles one schema into rules of a grammar: one rule for each set of schemas that hold of one value, so that recursion ends. */
export class SchemaCompiler {
  readonly #grammar: GrammarBuilder;
  readonly #document: SchemaDocument;
  readonly #cycles: CycleCheck;
  readonly #tasks: Task[] = [];
  readonly #rules = new Map<string, RuleReference>();
  readonly #paths = new Map<string, string>();
  readonly #shortfalls = new Map<string, Shortfall>();
  readonly #compilation: SchemaCompilation;
  #combinations = 0;

  constructor(grammar: GrammarBuilder, document: SchemaDocument) {
    this.#grammar = grammar;
    this.#document = document;
    this.#cycles = new CycleCheck(document);
    this.#compilation = {
      grammar,
      document,
      reportShortfall: this.#report,
      ruleFor: (schemas, hint) => this.#ruleFor(schemas, new Set(), hint),
    };
  }

  /** @throws SchemaError for a schema that is invalid or that nothing satisfies */
  compile(): RuleReference {
    for (const node of this.#document.referring()) this.#cycles.assertFinite(node);
    const root = this.#ruleFor([this.#document.root], new Set(), "schema");
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) this.#grammar.define(task.rule, this.#body(task));
    this.#assertSatisfiable(root);
    return root;
  }

  shortfalls(): readonly Shortfall[] {
    return [...this.#shortfalls.values()];
  }

  readonly #report: ReportShortfall = (keyword, at, reason) => {
    this.#add({ keyword, path: joinPath(at, keyword), reason });
  };

  #add(shortfall: Shortfall): void {
    const key = `${shortfall.keyword} ${shortfall.path}`;
    if (!this.#shortfalls.has(key)) this.#shortfalls.set(key, shortfall);
  }

  /** Its body waits its turn: schemas nest deeper than calls may. */
  #ruleFor(seeds: readonly SchemaNode[], decided: ReadonlySet<string>, hint: string): RuleReference {
    const conjunction = this.#conjunction(seeds);
    if (conjunction.nodes.length === 0 && !conjunction.impossible) return addJsonValue(this.#grammar);
    const key = `${conjunction.impossible} ${conjunctionKey(conjunction.nodes)} | ${[...decided].sort().join(", ")}`;
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const rule = this.#grammar.reserve(hint);
    this.#rules.set(key, rule);
    this.#paths.set(rule.name, seeds[0]?.path ?? "");
    this.#tasks.push({ rule, seeds, conjunction, decided, hint });
    return rule;
  }

  #conjunction(seeds: readonly SchemaNode[]): Conjunction {
    for (const seed of seeds) this.#cycles.assertFinite(seed);
    return conjunctionOf(this.#document, seeds);
  }

  #body(task: Task): Expression {
    const { conjunction, decided } = task;
    for (const shortfall of conjunction.shortfalls) this.#add(shortfall);
    if (conjunction.impossible) return NEVER;
    const union = nextUnion(conjunction, decided);
    if (union !== undefined) return this.#branches(task, union);
    const listed = enumeratedValues(conjunction);
    if (listed !== undefined) return enumeratedExpression(listed, conjunction, this.#report);
    const types = answeredTypes(conjunction.nodes);
    this.#reportExcluded(conjunction, types);
    return choice(...[...types].map((type) => this.#typeExpression(type, conjunction)));
  }

  #branches({ seeds, decided, hint }: Task, union: Union): Expression {
    this.#combinations += union.branches.length;
    if (this.#combinations > MOST_COMBINATIONS) {
      const at = joinPath(union.at, union.keyword);
      throw new SchemaError(
        `The schema is too large: with \`${at}\` it has more than ${MOST_COMBINATIONS} combinations of alternatives.`,
        at,
      );
    }
    const now = new Set([...decided, union.key]);
    const branches = union.branches.map(({ raw, path }) => [...seeds, this.#document.node(raw, path)]);
    if (union.exclusive && !this.#areDisjoint(branches, union)) {
      this.#report(union.keyword, union.at, "Its alternatives are not known to exclude each other; one of them is enforced.");
    }
    return choice(...branches.map((branch) => this.#ruleFor(branch, now, hint)));
  }

  /** That what is written for one branch, with all that holds beside it, never satisfies another. */
  #areDisjoint(branches: readonly (readonly SchemaNode[])[], union: Union): boolean {
    if (branches.length > MOST_BRANCHES_COMPARED) return false;
    const written = branches.map((branch) => this.#conjunction(branch));
    const alone = union.branches.map(({ raw, path }) => this.#conjunction([this.#document.node(raw, path)]));
    return written.every((one, index) =>
      alone.every((other, position) => index === position || neverSatisfies(one, other, this.#document)),
    );
  }

  #typeExpression(type: JsonType, conjunction: Conjunction): Expression {
    switch (type) {
      case "null":
        return isExcluded(null, conjunction) ? NEVER : literal("null");
      case "boolean": {
        const allowed = [true, false].filter((value) => !isExcluded(value, conjunction));
        return allowed.length === 2 ? jsonBoolean() : choice(...allowed.map(String));
      }
      case "integer":
        return numberExpression(conjunction.nodes, true, this.#compilation);
      case "number":
        return numberExpression(conjunction.nodes, false, this.#compilation);
      case "string":
        return stringExpression(conjunction.nodes, this.#compilation);
      case "array":
        return arrayExpression(conjunction.nodes, this.#compilation);
      case "object":
        return objectExpression(conjunction.nodes, this.#compilation);
    }
  }

  /** A listed value is only left out where values are listed, or where it would not be written anyway. */
  #reportExcluded(conjunction: Conjunction, types: ReadonlySet<JsonType>): void {
    const withoutExclusion = { ...conjunction, excluded: [], unions: [], shortfalls: [] };
    for (const { value, path } of conjunction.excluded) {
      if (value === null || typeof value === "boolean" || types.size === 0) continue;
      if (!isAnsweredAs(value, types) || satisfies(value, withoutExclusion) === false) continue;
      const keyword = path.slice(path.lastIndexOf(".") + 1);
      this.#add({ keyword, path, reason: "A single value cannot be left out of all others." });
    }
  }

  #assertSatisfiable(root: RuleReference): void {
    const unproductive = this.#grammar.unproductive();
    if (!unproductive.has(root.name)) return;
    const contradictory = [...this.#paths].find(([name]) => unproductive.has(name) && !this.#needsUnproductive(name, unproductive));
    const path = contradictory?.[1] ?? "";
    const where = path === "" ? "the schema" : `\`${path}\``;
    const why = contradictory === undefined ? "it requires itself without end" : `${where} contradicts itself`;
    throw new SchemaError(`Nothing satisfies the schema: ${why}.`, path);
  }

  /** Whether a schema's rule has no end because another schema's has none; if not, the contradiction is its own. */
  #needsUnproductive(rule: string, unproductive: ReadonlySet<string>): boolean {
    const reached = new Set([rule]);
    for (const name of reached) {
      for (const other of referencesIn(this.#grammar.bodyOf(name) ?? NEVER)) {
        if (!unproductive.has(other)) continue;
        if (this.#paths.has(other)) return true;
        reached.add(other);
      }
    }
    return false;
  }
}

/** What is written; then what depends on properties that may be written. */
function nextUnion({ nodes, unions }: Conjunction, decided: ReadonlySet<string>): Union | undefined {
  const open = unions.filter(({ key }) => !decided.has(key));
  const names = hasOnlyDeclared(nodes) ? declaredNames(nodes) : undefined;
  return open.find(({ trigger }) => trigger === undefined) ?? open.find(({ trigger = "" }) => names === undefined || names.has(trigger));
}

function isExcluded(value: unknown, { excluded }: Conjunction): boolean {
  return excluded.some((other) => other.value === value);
}

function isAnsweredAs(value: unknown, types: ReadonlySet<JsonType>): boolean {
  if (typeof value === "number") return types.has("number") || (types.has("integer") && Number.isInteger(value));
  if (typeof value === "string") return types.has("string");
  return types.has(Array.isArray(value) ? "array" : "object");
}
