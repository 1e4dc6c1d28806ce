import { type CodePointRanges, codePointOf, differenceOf, intersectionOf, rangesOf } from "./code-point-ranges.ts";
import type { GrammarBuilder } from "./grammar-builder.ts";
import { characters, choice, type Expression, literal, type RuleReference, sequence } from "./grammar-expression.ts";

const CONTROL: CodePointRanges = [[0, 0x1f]];
const SHORT_ESCAPES = [
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
] as const;
const UNWRITABLE = [...CONTROL, ...rangesOf('"\\')] as const;

/** Any one code point inside a JSON string: as it is or escaped, never half of a surrogate pair. */
export function anyJsonCharacter(grammar: GrammarBuilder): RuleReference {
  return grammar.sharedRule("json character", "char", () => {
    const hex = characters(rangesOf("0123456789abcdefABCDEF"));
    const twoHex = sequence(hex, hex);
    const noSurrogate = choice(
      sequence(characters(rangesOf("0123456789abcefABCEF")), hex, twoHex),
      sequence(characters(rangesOf("dD")), characters(rangesOf("01234567")), twoHex),
    );
    const surrogatePair = sequence(
      characters(rangesOf("dD")),
      characters(rangesOf("89abAB")),
      twoHex,
      "\\u",
      characters(rangesOf("dD")),
      characters(rangesOf("cdefCDEF")),
      twoHex,
    );
    const escaped = grammar.addRule(
      "escape",
      sequence("\\", choice(characters(rangesOf('"\\/bfnrt')), sequence("u", choice(noSurrogate, surrogatePair)))),
    );
    return choice(characters(rawInJson([[0, 0x10_ffff]])), escaped);
  });
}

/**
 * One code point of a set inside a JSON string. Narrowed: written in one way only, and control characters without a short escape
 * only where the set has nothing else.
 */
export function jsonCharacters(grammar: GrammarBuilder, ranges: CodePointRanges): Expression {
  const raw = rawInJson(ranges);
  const short = SHORT_ESCAPES.filter(([character]) =>
    ranges.some(([first, last]) => first <= codePointOf(character) && codePointOf(character) <= last),
  );
  if (short.length === 0 && raw.length > 0) return characters(raw);
  const escaped = short.length > 0 ? short.map(([, written]) => literal(written)) : longEscapes(ranges);
  const one = choice(characters(raw), ...escaped);
  return one.kind === "choice" ? grammar.sharedRule(`json characters ${JSON.stringify(ranges)}`, "chars", () => one) : one;
}

/** The JSON of a text; undefined for half a surrogate pair, which no answer in UTF-8 can hold. */
export function jsonText(text: string): string | undefined {
  return text.isWellFormed() ? JSON.stringify(text) : undefined;
}

function rawInJson(ranges: CodePointRanges): CodePointRanges {
  return differenceOf(intersectionOf(ranges, [[0, 0x10_ffff]]), UNWRITABLE);
}

function longEscapes(ranges: CodePointRanges): Expression[] {
  return intersectionOf(ranges, CONTROL).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => literal(`\\u${(first + index).toString(16).padStart(4, "0")}`)),
  );
}
