import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, quantile, quantiles, slope } from "./statistics.ts";

describe("quantile", () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])("%d of 1 to 100 is %d", (part, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(values, part)).toBe(expected);
  });

  it("of nothing is no number", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("is one of the values, in any order they came", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const { p50, p90, p99, max } = quantiles(values);
        expect(values).toEqual(expect.arrayContaining([p50, p90, p99]));
        expect(max).toBe(Math.max(...values));
        expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].sort((a, b) => a - b));
      }),
    );
  });
});

describe("median", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("of nothing is no number", () => {
    expect(median([])).toBeNaN();
  });
});

describe("slope", () => {
  it.each([
    [[0, 1, 2], [5, 7, 9], 2],
    [[0, 1, 2, 3], [1, 1, 1, 1], 0],
    [[0, 2, 4], [3, 0, 3], 0],
    [[1, 2, 3], [0, -1, -2], -1],
  ])("over %j of %j is %d", (x, y, expected) => {
    expect(slope(x, y)).toBeCloseTo(expected);
  });

  it("through a single point is no number", () => {
    expect(slope([1], [1])).toBeNaN();
  });
});
