import { describe, expect, it } from "vitest";
import { arrayLiteral } from "./array-literal.ts";

describe("an array for PostgreSQL", () => {
  it.each<[what: string, values: readonly (string | number | boolean | null)[], literal: string]>([
    ["nothing", [], "{}"],
    ["numbers", [0, -1, 9_007_199_254_740_991], "{0,-1,9007199254740991}"],
    ["truth", [true, false], "{true,false}"],
    ["what is not known", [null, null], "{NULL,NULL}"],
    ["words, the empty one too", ["a b", "", "NULL"], '{"a b","","NULL"}'],
    ["what looks like the array's own signs", ["{a,b}", '"', "\\", '\\"'], String.raw`{"{a,b}","\"","\\","\\\""}`],
  ])("holds %s", (_, values, literal) => {
    expect(arrayLiteral(values)).toBe(literal);
  });
});
