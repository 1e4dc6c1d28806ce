import { type CodePointRanges, differenceOf, EVERY_CODE_POINT } from "./code-point-ranges.ts";
import { GrammarBuilder } from "./grammar-builder.ts";
import { RegexError } from "./grammar-errors.ts";
import { characters, choice, type Expression, type RuleReference, repeat, sequence } from "./grammar-expression.ts";
import { resolveAnchors } from "./regex-anchors.ts";
import { parseRegex } from "./regex-parser.ts";
import { EMPTY_REGEX, type Regex } from "./regex-tree.ts";

/** A search finds the pattern after at most this many other characters: else a model that has not begun it could go on without. */
const FARTHEST_MATCH = 64;
const ANY: Regex = { kind: "characters", ranges: EVERY_CODE_POINT };

/**
 * GBNF of the texts that a pattern matches as a whole, whether or not it is anchored.
 * @throws RegexError for what is no pattern, look-arounds, back-references and other constructs that a grammar cannot express
 */
export function compileRegex(pattern: string): string {
  const grammar = new GrammarBuilder();
  return grammar.toGbnf(addRegex(grammar, pattern));
}

/** The same as a rule of a larger grammar. */
export function addRegex(grammar: GrammarBuilder, pattern: string): RuleReference {
  const regex = wholeMatch(pattern);
  // The engine takes U+0000 for the end of its text.
  const rule = grammar.addRule(
    "regex",
    regexExpression(regex, (ranges) => characters(differenceOf(ranges, [[0, 0]]))),
  );
  if (grammar.unproductive().has(rule.name)) throw new RegexError("The pattern matches no text.", 0);
  return rule;
}

/** For a pattern whose whole text must match. */
export function wholeMatch(pattern: string): Regex {
  return resolveAnchors(parseRegex(pattern), { before: EMPTY_REGEX, after: EMPTY_REGEX });
}

/** For a pattern that may be found anywhere in a text, as JSON Schema has it; narrowed: near the text's beginning. */
export function search(pattern: string): Regex {
  return resolveAnchors(parseRegex(pattern), {
    before: { kind: "repeat", of: ANY, min: 0, max: FARTHEST_MATCH },
    after: { kind: "repeat", of: ANY, min: 0, max: Number.POSITIVE_INFINITY },
  });
}

/** For asking whether a text has a match anywhere. */
export function unboundedSearch(pattern: string): Regex {
  const anything: Regex = { kind: "repeat", of: ANY, min: 0, max: Number.POSITIVE_INFINITY };
  return resolveAnchors(parseRegex(pattern), { before: anything, after: anything });
}

/** @param write how one code point of a set is written: as it is, or as in a JSON string. */
export function regexExpression(regex: Regex, write: (ranges: CodePointRanges) => Expression): Expression {
  switch (regex.kind) {
    case "characters":
      return write(regex.ranges);
    case "sequence":
      return sequence(...regex.parts.map((part) => regexExpression(part, write)));
    case "choice":
      return choice(...regex.options.map((option) => regexExpression(option, write)));
    case "repeat":
      return repeat(regexExpression(regex.of, write), regex.min, regex.max);
  }
}
