import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGbnf } from "../../grammars/check-gbnf.ts";
import { GrammarBuilder } from "../../grammars/grammar-builder.ts";
import { literal } from "../../grammars/grammar-expression.ts";
import { readGbnf } from "../../grammars/read-gbnf.ts";
import { addTextUntil } from "./text-until.ts";

function grammarOf(mark: string, mayEnd: boolean): string {
  const grammar = new GrammarBuilder();
  return grammar.toGbnf(addTextUntil(grammar, { mark, rest: literal("!"), mayEnd }));
}

/** Whether a grammar without groups and repetitions takes a text; it has at most one way to read it. */
function takes(gbnf: string, text: string): boolean {
  const { rules } = readGbnf(gbnf);
  const read = (name: string, at: number): number[] =>
    (rules.get(name) ?? []).flatMap((sequence) =>
      sequence.reduce<number[]>(
        (places, element) =>
          places.flatMap((place) => {
            if (element.kind === "rule") return read(element.name, place);
            const codePoint = text.codePointAt(place);
            if (element.kind !== "characters" || codePoint === undefined) return [];
            const isIn = element.ranges.some(([first, last]) => first <= codePoint && codePoint <= last);
            return isIn ? [place + String.fromCodePoint(codePoint).length] : [];
          }),
        [at],
      ),
    );
  return read("root", 0).includes(text.length);
}

describe("addTextUntil", () => {
  const piece = fc.array(fc.constantFrom("a", "b", "ab", "aab", "é", "🎉", "\n"), { maxLength: 12 }).map((parts) => parts.join(""));

  it("takes any text, up to the first mark and what has to follow it", () => {
    const gbnf = grammarOf("aab", true);
    fc.assert(
      fc.property(piece, (text) => {
        expect(takes(gbnf, text)).toBe(!text.includes("aab"));
        const withMark = `${text}aab`;
        const isFirst = withMark.indexOf("aab") === text.length;
        expect(takes(gbnf, `${withMark}!`)).toBe(isFirst);
        expect(takes(gbnf, withMark)).toBe(false);
      }),
    );
  });

  it("requires the mark where the text may not end without", () => {
    const gbnf = grammarOf("</think>", false);
    expect(takes(gbnf, "a </thin <</think>!")).toBe(true);
    expect(takes(gbnf, "a")).toBe(false);
  });

  it("is never read in more than one way", () => {
    expect(() => checkGbnf(grammarOf("<tool_call>", true))).not.toThrow();
  });
});
