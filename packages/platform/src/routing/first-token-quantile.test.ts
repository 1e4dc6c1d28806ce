import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FirstTokenQuantile } from "./first-token-quantile.ts";

function of(samples: readonly number[]): FirstTokenQuantile {
  const quantile = new FirstTokenQuantile();
  for (const sample of samples) quantile.observe(sample);
  return quantile;
}

describe("the p95 of first tokens", () => {
  it("is not known before twenty samples", () => {
    expect(of(new Array(19).fill(5)).p95()).toBeUndefined();
    expect(of(new Array(20).fill(5)).p95()).toBe(5);
  });

  it("is what 95 of 100 did not exceed", () => {
    expect(of(Array.from({ length: 100 }, (_, index) => 100 - index)).p95()).toBe(95);
  });

  it("forgets what lies more than 128 samples back", () => {
    expect(of([...new Array(128).fill(9_000), ...new Array(128).fill(10)]).p95()).toBe(10);
  });

  it("follows new samples within a few", () => {
    const quantile = of(new Array(20).fill(10));
    expect(quantile.p95()).toBe(10);
    for (let index = 0; index < 8; index++) quantile.observe(500);
    expect(quantile.p95()).toBe(500);
  });

  it("is a sample that at least 95 % do not exceed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 20, maxLength: 128 }), (samples) => {
        const p95 = of(samples).p95() ?? Number.NaN;
        expect(samples).toContain(p95);
        expect(samples.filter((sample) => sample <= p95).length).toBeGreaterThanOrEqual(0.95 * samples.length);
      }),
    );
  });
});
