import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RegexError } from "./grammar-errors.ts";
import { compileRegex, unboundedSearch, wholeMatch } from "./regex-grammar.ts";
import { lengthsOf, restrictLengths } from "./regex-lengths.ts";
import { matchesRegex } from "./regex-match.ts";
import { parseGbnf } from "./testing/gbnf-grammar.ts";
import { recognises } from "./testing/gbnf-recogniser.ts";
import { randomSentence } from "./testing/gbnf-sentences.ts";

function errorOf(pattern: string): RegexError {
  try {
    compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexError) return error;
    throw error;
  }
  throw new Error("The pattern was compiled.");
}

const atom = fc.constantFrom(
  "a",
  "b",
  ".",
  "\\d",
  "\\w",
  "\\S",
  "[a-c]",
  "[^ab]",
  "\\.",
  "\\n",
  "é",
  "🔥",
  "\\u{1F525}",
  "\\x41",
  "[\\d\\-_]",
  "\\p{Lu}",
);
const quantifier = fc.constantFrom("", "*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}");
/** The language's own expressions, which are asked here, backtrack: over long texts and groups without end they would do so for ever. */
const LONGEST_ASKED = 12;
const groupQuantifier = fc.constantFrom("", "?", "{2}", "{1,3}");
const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 2 },
    fc.tuple(atom, quantifier).map((both) => both.join("")),
    fc.tuple(tie("pattern"), groupQuantifier).map(([inside, count]) => `(?:${inside})${count}`),
  ),
  pattern: fc
    .array(
      fc.array(tie("part"), { maxLength: 3 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 2 },
    )
    .map((options) => options.join("|")),
}));
const anyText = fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "1", ".", "-", "\n", "é", "🔥"), maxLength: 6 });

describe("a pattern's grammar", () => {
  it("writes only what the language's own regular expressions match", () => {
    fc.assert(
      fc.property(pattern, fc.nat(), (source, seed) => {
        const rules = parseGbnf(compileRegex(source));
        const sentences = Array.from({ length: 10 }, (_, index) => randomSentence(rules, seed + index)).filter(
          ({ length }) => length <= LONGEST_ASKED,
        );
        for (const sentence of sentences) expect(sentence).toMatch(new RegExp(`^(?:${source})$`, "u"));
      }),
      { numRuns: 200 },
    );
  });

  it("writes all of it", () => {
    fc.assert(
      fc.property(pattern, anyText, (source, text) => {
        expect(recognises(parseGbnf(compileRegex(source)), text)).toBe(new RegExp(`^(?:${source})$`, "u").test(text));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["^abc$", "abc", "xabc"],
    ["^(a|b)$|^c", "c", "d"],
    ["((a*b?)*c?)*", "abacaa", "abad"],
    ["(a|b?)+c", "aabc", "aab"],
    ["(?<year>\\d{4})", "2024", "24"],
    ["a\\/b\\-c", "a/b-c", "a\\/b"],
    ["[\\u0400-\\u04FF]+", "Привет", "Hello"],
    ["x{3000}", "x".repeat(3_000), "x".repeat(2_999)],
    ["x{10,2500}", "x".repeat(2_500), "x".repeat(2_501)],
  ])("%s", (source, match, other) => {
    const rules = parseGbnf(compileRegex(source));
    expect(recognises(rules, match)).toBe(true);
    expect(recognises(rules, other)).toBe(false);
  });
});

it.each<[string, number, RegExp]>([
  ["a(?=b)", 1, /look-ahead/],
  ["(?!b)", 0, /negative look-ahead/],
  ["ab(?<=b)", 2, /look-behind/],
  ["(?<!b)a", 0, /negative look-behind/],
  ["(a)\\1", 3, /back-reference/],
  ["(?<n>a)\\k<n>", 7, /back-reference/],
  ["\\bword", 0, /word boundary/],
  ["a^b", 1, /in the middle/],
  ["(?i)a", 0, /flags/],
  ["a++", 2, /possessive/],
  ["(a", 0, /not closed/],
  ["a)", 1, /without/],
  ["[a-", 0, /not closed/],
  ["*a", 0, /nothing to repeat/],
  ["a{3,2}", 1, /out of order/],
  ["\\p{Nonsense}", 0, /no Unicode property/],
  ["[^\\s\\S]", 0, /matches no text/],
  [`${"(".repeat(200)}a${")".repeat(200)}`, 101, /nested/],
])("refuses %s at offset %d", (source, offset, message) => {
  const error = errorOf(source);
  expect(error.offset).toBe(offset);
  expect(error.message).toMatch(message);
});

it.each(["L", "Lu", "Script=Greek", "Cn", "Co", "Noncharacter_Code_Point", "Emoji"])(
  "knows which characters have the property %s",
  (name) => {
    const regex = wholeMatch(`\\p{${name}}`);
    const property = new RegExp(`^\\p{${name}}$`, "u");
    for (let codePoint = 0; codePoint <= 0x10_ffff; codePoint += codePoint < 0x3_0000 ? 7 : 1_021) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const character = String.fromCodePoint(codePoint);
      if (matchesRegex(regex, character) !== property.test(character)) expect.fail(`U+${codePoint.toString(16)}`);
    }
  },
);

describe("a search", () => {
  it("finds what the language's own search finds", () => {
    fc.assert(
      fc.property(pattern, anyText, (source, text) => {
        expect(matchesRegex(unboundedSearch(source), text)).toBe(new RegExp(source, "u").test(text));
      }),
      { numRuns: 500 },
    );
  });

  it("gives up on what would take too long", () => {
    expect(matchesRegex(unboundedSearch("((a+)+)+b$"), "a".repeat(2_000))).toBeUndefined();
  });
});

describe("a restriction of lengths", () => {
  it("holds, and leaves only what the pattern matches", () => {
    fc.assert(
      fc.property(pattern, fc.nat({ max: 6 }), fc.nat({ max: 12 }), (source, min, more) => {
        const bounds = { min, max: min + more };
        const restricted = restrictLengths(wholeMatch(source), bounds);
        if (restricted === undefined) return;
        const lengths = lengthsOf(restricted);
        expect(lengths.min).toBeGreaterThanOrEqual(bounds.min);
        expect(lengths.max).toBeLessThanOrEqual(bounds.max);
      }),
    );
  });

  it("is exact where one part varies", () => {
    const restricted = restrictLengths(wholeMatch("ab[0-9]*c"), { min: 5, max: 7 });
    expect(restricted).toBeDefined();
    expect(["ab1c", "ab12c", "ab1234c", "ab12345c"].map((text) => restricted !== undefined && matchesRegex(restricted, text))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
