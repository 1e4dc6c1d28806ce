import type { GrammarBuilder } from "./grammar-builder.ts";
import { choice, EMPTY, type Expression, NEVER, optional, type RuleReference, sequence } from "./grammar-expression.ts";
import { ITEM_SEPARATOR } from "./json-grammar.ts";

export interface Property {
  /** Key and value. */
  readonly rule: RuleReference;
  readonly isRequired: boolean;
}

export interface PropertyCounts {
  readonly min: number;
  readonly max: number;
}

/** States of a counted sequence: properties times counts. Beyond them, the counts are narrowed. */
const MOST_STATES = 2_000;

/** Properties in one rule. */
const LONGEST_ROW = 8;

/** Any subset of the optional properties with all required ones, in their order, with separators between. */
export function propertySequence(grammar: GrammarBuilder, properties: readonly Property[], counts: PropertyCounts): Expression {
  const required = properties.filter(({ isRequired }) => isRequired).length;
  if (required > counts.max || properties.length < counts.min) return NEVER;
  if (counts.min <= required && counts.max >= properties.length) return uncounted(grammar, properties);
  if (counts.min === 1 && counts.max >= properties.length) return firstOf(grammar, properties);
  const highest = Math.min(counts.max, properties.length);
  if (properties.length * (highest + 1) > MOST_STATES) return uncounted(grammar, fewerChoices(properties, required, counts));
  return counted(grammar, properties, { min: counts.min, max: highest });
}

function uncounted(grammar: GrammarBuilder, properties: readonly Property[]): Expression {
  if (properties.length === 0) return EMPTY;
  const some = firstOf(grammar, properties);
  return properties.some(({ isRequired }) => isRequired) ? some : optional(some);
}

/**
 * At least one property. Which one is first decides about the separators: halves of halves, so that rules grow with the number of
 * properties and nest only as deep as its logarithm.
 */
function firstOf(grammar: GrammarBuilder, properties: readonly Property[]): Expression {
  const [first, ...others] = properties;
  if (first === undefined) return NEVER;
  if (first.isRequired || others.length === 0) return sequence(first.rule, followingOf(grammar, others));
  const middle = Math.ceil(properties.length / 2);
  const [left, right] = [properties.slice(0, middle), properties.slice(middle)];
  const beginsLeft = sequence(firstOf(grammar, left), followingOf(grammar, right));
  if (left.some(({ isRequired }) => isRequired)) return beginsLeft;
  return grammar.addRule("first", choice(beginsLeft, firstOf(grammar, right)));
}

/** Those after the first, each with its separator; in halves too, which the sequences that begin later share. */
function followingOf(grammar: GrammarBuilder, properties: readonly Property[]): Expression {
  const [first, last] = [properties[0], properties.at(-1)];
  if (first === undefined || last === undefined) return EMPTY;
  if (properties.length <= LONGEST_ROW) {
    return sequence(
      ...properties.map(({ rule, isRequired }) => (isRequired ? sequence(ITEM_SEPARATOR, rule) : optional(sequence(ITEM_SEPARATOR, rule)))),
    );
  }
  return grammar.sharedRule(`following ${first.rule.name} ${last.rule.name}`, "rest", () => {
    const middle = Math.ceil(properties.length / 2);
    return sequence(followingOf(grammar, properties.slice(0, middle)), followingOf(grammar, properties.slice(middle)));
  });
}

/** One rule for each property and each number of properties before it. */
function counted(grammar: GrammarBuilder, properties: readonly Property[], { min, max }: PropertyCounts): Expression {
  let after: readonly Expression[] = Array.from({ length: max + 2 }, (_, count) => (count >= min && count <= max ? EMPTY : NEVER));
  for (const { rule, isRequired } of properties.toReversed()) {
    const next = after;
    after = next.map((withoutIt, count) => {
      const withIt = sequence(count === 0 ? EMPTY : ITEM_SEPARATOR, rule, next[count + 1] ?? NEVER);
      return grammar.addRule("counted", isRequired ? withIt : choice(withIt, withoutIt));
    });
  }
  return after[0] ?? NEVER;
}

/** The first optional ones become required until there are enough, the last ones are left out where there are too many. */
function fewerChoices(properties: readonly Property[], required: number, { min, max }: PropertyCounts): readonly Property[] {
  let [missing, room] = [Math.max(0, min - required), max - required];
  return properties.flatMap((property) => {
    if (property.isRequired) return [property];
    room -= 1;
    missing -= 1;
    return room < 0 ? [] : [missing >= 0 ? { ...property, isRequired: true } : property];
  });
}
