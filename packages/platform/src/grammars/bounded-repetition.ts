import type { GrammarBuilder } from "./grammar-builder.ts";
import { choice, type Expression, type RuleReference, repeat, sequence } from "./grammar-expression.ts";
import { writeExpression } from "./write-gbnf.ts";

/**
 * llama.cpp writes `x{m,n}` out: m copies and n - m rules, and refuses when rules inside x times n come to 2,000.
 * So x is a rule or a set of characters here, and larger counts are made of blocks.
 */
const LARGEST_COUNT = 256;

type Atom = RuleReference | Extract<Expression, { kind: "characters" }>;

/** The same expression with no repetition that the engine would refuse. */
export function lowerRepetitions(grammar: GrammarBuilder, expression: Expression): Expression {
  switch (expression.kind) {
    case "literal":
    case "characters":
    case "rule":
      return expression;
    case "sequence":
      return sequence(...expression.parts.map((part) => lowerRepetitions(grammar, part)));
    case "choice":
      return choice(...expression.options.map((option) => lowerRepetitions(grammar, option)));
    case "repeat":
      return lowerRepetition(grammar, lowerRepetitions(grammar, expression.of), expression.min, expression.max);
  }
}

function lowerRepetition(grammar: GrammarBuilder, of: Expression, min: number, max: number): Expression {
  const writtenOutOnce = min <= 1 && (max === 1 || max === Number.POSITIVE_INFINITY);
  if (writtenOutOnce) return repeat(of, min, max);
  const atom = of.kind === "rule" || of.kind === "characters" ? of : sharedRule(grammar, "repeated", of);
  if (max <= LARGEST_COUNT) return repeat(atom, min, max);
  const rest = max === Number.POSITIVE_INFINITY ? repeat(atom, 0, max) : upTo(grammar, atom, max - min);
  return sequence(exactly(grammar, atom, min), rest);
}

/** Blocks of blocks. */
function exactly(grammar: GrammarBuilder, atom: Atom, count: number): Expression {
  if (count <= LARGEST_COUNT) return repeat(atom, count, count);
  const block = sharedRule(grammar, "block", repeat(atom, LARGEST_COUNT, LARGEST_COUNT));
  return sequence(exactly(grammar, block, Math.floor(count / LARGEST_COUNT)), repeat(atom, count % LARGEST_COUNT, count % LARGEST_COUNT));
}

/**
 * At most `count`: whole blocks, then less than one. About 3·√count rules, and never more than two ways to read what is written so far,
 * each of which costs the engine a look at its whole vocabulary.
 */
function upTo(grammar: GrammarBuilder, atom: Atom, count: number): Expression {
  if (count <= LARGEST_COUNT) return repeat(atom, 0, count);
  const size = Math.ceil(Math.sqrt(count));
  const block = sharedRule(grammar, "block", exactly(grammar, atom, size));
  const lessThanBlock = sharedRule(grammar, "up-to", upTo(grammar, atom, size - 1));
  let rest = upTo(grammar, atom, count % size);
  for (let blocks = 1; blocks <= Math.floor(count / size); blocks += 1) {
    rest = sharedRule(grammar, "up-to", choice(sequence(block, rest), lessThanBlock));
  }
  return rest;
}

function sharedRule(grammar: GrammarBuilder, hint: string, body: Expression): RuleReference {
  return grammar.sharedRule(`${hint} ${writeExpression(body)}`, hint, () => body);
}
