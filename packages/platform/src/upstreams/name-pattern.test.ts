import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesAny } from "./name-pattern.ts";

describe("a pattern", () => {
  it.each([
    ["gpt-4o", "gpt-4o", true],
    ["gpt-4o", "gpt-4o-mini", false],
    ["gpt-*", "gpt-4o", true],
    ["*", "", true],
    ["*-instruct", "meta/llama-instruct", true],
    ["*-instruct", "meta/llama-instruct-v2", false],
    ["meta/*/8b*", "meta/llama/8b-it", true],
    ["meta/*/8b*", "meta/8b", false],
    ["a*a", "a", false],
    ["a*b*c", "a-c-b", false],
    ["a.c", "abc", false],
    ["GPT-*", "gpt-4o", false],
  ])("%j and %j: %j", (pattern, name, isMatch) => {
    expect(matchesAny([pattern], name)).toBe(isMatch);
  });

  it("matches what a regular expression of the same meaning matches", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 }), (written, text) => {
        const meaning = new RegExp(`^${written.replaceAll("*", ".*")}$`);
        expect(matchesAny([written], text)).toBe(meaning.test(text));
      }),
    );
  });

  it("is one of several, and none matches nothing", () => {
    expect(matchesAny(["x", "gpt-*"], "gpt-4o")).toBe(true);
    expect(matchesAny([], "gpt-4o")).toBe(false);
  });

  it("is held against a long name at once, however many stars it has", () => {
    expect(matchesAny(["*a".repeat(150)], "a".repeat(100_000).concat("b"))).toBe(false);
  });
});
