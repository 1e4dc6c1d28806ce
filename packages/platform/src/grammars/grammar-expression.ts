import { type CodePointRanges, onlyCodePoint } from "./code-point-ranges.ts";

/** What stands on the right of a grammar's rule. Made by the functions below, which simplify as they build. */
export type Expression =
  | { readonly kind: "literal"; readonly text: string }
  /** One code point of a set. */
  | { readonly kind: "characters"; readonly ranges: CodePointRanges }
  | RuleReference
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  /** One of several; of none: nothing at all can be written. */
  | { readonly kind: "choice"; readonly options: readonly Expression[] }
  | { readonly kind: "repeat"; readonly of: Expression; readonly min: number; readonly max: number };

export interface RuleReference {
  readonly kind: "rule";
  readonly name: string;
}

/** The empty text. */
export const EMPTY: Expression = { kind: "literal", text: "" };
/** No text at all: what contradicts itself. */
export const NEVER: Expression = { kind: "choice", options: [] };

function isNever(expression: Expression): boolean {
  return expression.kind === "choice" && expression.options.length === 0;
}

function isEmpty(expression: Expression): boolean {
  return expression.kind === "literal" && expression.text === "";
}

export function literal(text: string): Expression {
  return text === "" ? EMPTY : { kind: "literal", text };
}

export function characters(ranges: CodePointRanges): Expression {
  if (ranges.length === 0) return NEVER;
  const only = onlyCodePoint(ranges);
  return only === undefined ? { kind: "characters", ranges } : literal(String.fromCodePoint(only));
}

/** Texts stand for themselves. */
export function sequence(...parts: readonly (Expression | string)[]): Expression {
  const flat: Expression[] = [];
  for (const part of parts) {
    const expression = typeof part === "string" ? literal(part) : part;
    for (const piece of expression.kind === "sequence" ? expression.parts : [expression]) {
      if (isNever(piece)) return NEVER;
      const previous = flat.at(-1);
      if (piece.kind === "literal" && previous?.kind === "literal") flat[flat.length - 1] = literal(previous.text + piece.text);
      else if (!isEmpty(piece)) flat.push(piece);
    }
  }
  const [only, ...more] = flat;
  if (only === undefined) return EMPTY;
  return more.length === 0 ? only : { kind: "sequence", parts: flat };
}

export function choice(...options: readonly (Expression | string)[]): Expression {
  const flat = options
    .map((option) => (typeof option === "string" ? literal(option) : option))
    .flatMap((option) => (option.kind === "choice" ? option.options : [option]));
  const [only, ...more] = flat;
  return only !== undefined && more.length === 0 ? only : { kind: "choice", options: flat };
}

/** @param max may be infinite. What is repeated should not match the empty text: engines take that for a left recursion. */
export function repeat(of: Expression, min: number, max: number): Expression {
  if (max < min) return NEVER;
  if (max === 0 || isEmpty(of)) return EMPTY;
  if (isNever(of)) return min === 0 ? EMPTY : NEVER;
  return min === 1 && max === 1 ? of : { kind: "repeat", of, min, max };
}

export function optional(of: Expression): Expression {
  return repeat(of, 0, 1);
}

/** The same expression with other rules in the place of its references. */
export function mapReferences(expression: Expression, replace: (reference: RuleReference) => Expression): Expression {
  switch (expression.kind) {
    case "literal":
    case "characters":
      return expression;
    case "rule":
      return replace(expression);
    case "sequence":
      return sequence(...expression.parts.map((part) => mapReferences(part, replace)));
    case "choice":
      return choice(...expression.options.map((option) => mapReferences(option, replace)));
    case "repeat":
      return repeat(mapReferences(expression.of, replace), expression.min, expression.max);
  }
}

/** Every rule that an expression names, with repetitions. */
export function referencesIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "literal":
    case "characters":
      return [];
    case "rule":
      return [expression.name];
    case "sequence":
      return expression.parts.flatMap(referencesIn);
    case "choice":
      return expression.options.flatMap(referencesIn);
    case "repeat":
      return referencesIn(expression.of);
  }
}
