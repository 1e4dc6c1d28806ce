import { describe, expect, it } from "vitest";
import { compileJsonObject, compileJsonValue, DEEPEST_NESTING } from "./json-grammar.ts";
import { parseGbnf } from "./testing/gbnf-grammar.ts";
import { recognises } from "./testing/gbnf-recogniser.ts";
import { randomSentence } from "./testing/gbnf-sentences.ts";

const value = parseGbnf(compileJsonValue());
const object = parseGbnf(compileJsonObject());

describe("the grammar of any JSON", () => {
  it("writes JSON alone", () => {
    for (let seed = 0; seed < 300; seed += 1) expect(() => JSON.parse(randomSentence(value, seed))).not.toThrow();
  });

  it.each(['{"a": [1, -2.5e10, {"b": null}], "c": "\\u00e9"}', "[]", '"x"', "true", "0"])("writes %s", (text) => {
    expect(recognises(value, text)).toBe(true);
  });

  it.each(["", " 1", "01", "{a: 1}", '{"a":1}', "[1,]", "nul", '"\t"', "1e999"])("does not write %j", (text) => {
    expect(recognises(value, text)).toBe(false);
  });

  it("ends: nothing nests deeper than its bound", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(recognises(value, nested(DEEPEST_NESTING))).toBe(true);
    expect(recognises(value, nested(DEEPEST_NESTING + 1))).toBe(false);
  });

  it("of an object writes objects alone", () => {
    expect(recognises(object, '{"a": 1}')).toBe(true);
    expect(recognises(object, "[1]")).toBe(false);
  });
});
