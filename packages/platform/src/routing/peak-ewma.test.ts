import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PeakEwma } from "./peak-ewma.ts";

function after(samples: readonly (readonly [atMs: number, sampleMs: number])[]): PeakEwma {
  const average = new PeakEwma();
  for (const [at, sample] of samples) average.observe(sample, at);
  return average;
}

const history = fc
  .array(fc.record({ waitMs: fc.nat(30_000), sampleMs: fc.integer({ min: 1, max: 60_000 }) }), { minLength: 1, maxLength: 30 })
  .map((steps) => {
    let at = 0;
    return steps.map(({ waitMs, sampleMs }) => {
      at += waitMs;
      return [at, sampleMs] as const;
    });
  });
const endOf = (samples: readonly (readonly [number, number])[]): number => samples.at(-1)?.[0] ?? 0;

describe("PeakEWMA", () => {
  it("knows nothing before the first sample", () => {
    expect(new PeakEwma().value(0)).toBeUndefined();
  });

  it("jumps up at once", () => {
    expect(
      after([
        [0, 100],
        [1, 900],
      ]).value(1),
    ).toBe(900);
  });

  it("comes down with a half-life of ten seconds", () => {
    expect(
      after([
        [0, 900],
        [10_000, 100],
      ]).value(10_000),
    ).toBeCloseTo(500);
    expect(after([[0, 900]]).value(20_000)).toBeCloseTo(225);
  });

  it("is never below its newest sample, nor above the highest", () => {
    fc.assert(
      fc.property(history, (samples) => {
        const value = after(samples).value(endOf(samples)) ?? Number.NaN;
        expect(value).toBeGreaterThanOrEqual((samples.at(-1)?.[1] ?? 0) - 1e-6);
        expect(value).toBeLessThanOrEqual(Math.max(...samples.map(([, sample]) => sample)) + 1e-6);
      }),
    );
  });

  it("is not lower for a higher sample", () => {
    fc.assert(
      fc.property(history, fc.nat(10_000), fc.nat(60_000), fc.nat(60_000), (samples, waitMs, one, other) => {
        const at = endOf(samples) + waitMs;
        const valueWith = (sample: number) => after([...samples, [at, sample]]).value(at) ?? Number.NaN;
        expect(valueWith(Math.max(one, other))).toBeGreaterThanOrEqual(valueWith(Math.min(one, other)) - 1e-6);
      }),
    );
  });

  it("falls while nothing is heard, and does not rise when the clock is set back", () => {
    fc.assert(
      fc.property(history, fc.nat(100_000), fc.nat(100_000), (samples, sooner, later) => {
        const average = after(samples);
        const end = endOf(samples);
        expect(average.value(end + sooner + later)).toBeLessThanOrEqual((average.value(end + sooner) ?? 0) + 1e-6);
        expect(average.value(end - later)).toBe(average.value(end));
      }),
    );
  });

  it("is only ever raised by what takes so long at least", () => {
    fc.assert(
      fc.property(history, fc.nat(30_000), fc.nat(60_000), (samples, waitMs, leastMs) => {
        const average = after(samples);
        const at = endOf(samples) + waitMs;
        const before = average.value(at) ?? 0;
        average.raise(leastMs, at);
        expect(average.value(at)).toBeCloseTo(Math.max(before, leastMs));
      }),
    );
  });
});
