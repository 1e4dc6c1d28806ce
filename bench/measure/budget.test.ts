import { describe, expect, it } from "vitest";
import { type Budget, describeBudget, isKept } from "./budget.ts";

const AT_MOST: Budget = { name: "added p50", measured: 1, limit: 1, relation: "at-most", unit: "ms" };

describe("a budget", () => {
  it.each<[string, Partial<Budget>, boolean]>([
    ["at its upper limit", {}, true],
    ["above its upper limit", { measured: 1.01 }, false],
    ["at its lower limit", { relation: "at-least" }, true],
    ["below its lower limit", { relation: "at-least", measured: 0.99 }, false],
    ["that was not measured", { measured: Number.NaN }, false],
    ["whose measurement is void", { void: "the mock was too slow" }, false],
  ])("%s", (_, change, kept) => {
    expect(isKept({ ...AT_MOST, ...change })).toBe(kept);
  });

  it("is told in one line with verdict, name, measured value and limit", () => {
    expect(describeBudget({ ...AT_MOST, measured: 2.5 })).toBe("MISS  added p50  2.500 ms  budget ≤ 1 ms");
  });
});
