import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { type Candidate, chooseTarget } from "./choose-target.ts";
import type { Route } from "./route.ts";
import { candidateNamed, nameOf } from "./testing/sample-routes.ts";
import { seededRandom } from "./testing/seeded-random.ts";
import { simulateTraffic } from "./testing/simulate-traffic.ts";

const POLICIES: readonly Route["policy"][] = ["weighted", "least_busy", "lowest_latency", "cheapest"];

function sharesOf(candidates: readonly Candidate[], policy: Route["policy"], seed = 1): Record<string, number> {
  const random = seededRandom(seed);
  const draws = 4_000;
  const counts: Record<string, number> = {};
  for (const { target } of candidates) counts[target.deployment.name] = 0;
  for (let draw = 0; draw < draws; draw++) {
    const name = nameOf(chooseTarget(candidates, { policy, random })) ?? "";
    counts[name] = (counts[name] ?? 0) + 1 / draws;
  }
  return counts;
}

describe.each(POLICIES)("the policy %s", (policy) => {
  it("takes what there is", () => {
    const only = candidateNamed("only", { weight: 0, inFlight: 99 });
    expect(chooseTarget([only], { policy, random: Math.random })).toBe(only);
    expect(chooseTarget([], { policy, random: Math.random })).toBeUndefined();
  });

  it("takes one without weight only where none has any", () => {
    const spare = candidateNamed("spare", { weight: 0, firstTokenMs: 1, price: { input: 0, output: 0 } });
    const used = candidateNamed("used", { inFlight: 50, firstTokenMs: 900 });
    expect(sharesOf([spare, used], policy)).toEqual({ spare: 0, used: expect.closeTo(1) });
    expect(sharesOf([spare, candidateNamed("other", { weight: 0, firstTokenMs: 1, price: { input: 0, output: 0 } })], policy)).toEqual({
      spare: expect.closeTo(0.5, 1),
      other: expect.closeTo(0.5, 1),
    });
  });

  it("always takes one of the candidates", () => {
    const candidate = fc.record({
      weight: fc.nat(3),
      inFlight: fc.nat(5),
      firstTokenMs: fc.option(fc.nat(1_000), { nil: undefined }),
      price: fc.option(fc.record({ input: fc.nat(3), output: fc.nat(3) }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 6 }), fc.nat(), (facts, seed) => {
        const candidates = facts.map((each, index) => candidateNamed(`d${index}`, each));
        const chosen = chooseTarget(candidates, { policy, random: seededRandom(seed) });
        expect(candidates).toContain(chosen);
        if (facts.some(({ weight }) => weight > 0)) expect(chosen?.target.weight).toBeGreaterThan(0);
      }),
    );
  });
});

describe("weighted", () => {
  it("gives each its share", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 2, maxLength: 5 }), fc.nat(), (weights, seed) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const shares = sharesOf(
          weights.map((weight, index) => candidateNamed(`d${index}`, { weight })),
          "weighted",
          seed,
        );
        weights.forEach((weight, index) => {
          const expected = total === 0 ? 1 / weights.length : weight / total;
          // Five standard deviations of 4,000 draws at the most.
          expect(Math.abs((shares[`d${index}`] ?? 0) - expected)).toBeLessThan(0.04);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe("least_busy", () => {
  it("takes the one with the fewest requests for its weight", () => {
    const candidates = [
      candidateNamed("small", { weight: 1, inFlight: 2 }),
      candidateNamed("large", { weight: 10, inFlight: 11 }),
      candidateNamed("middle", { weight: 5, inFlight: 8 }),
    ];
    expect(sharesOf(candidates, "least_busy")).toEqual({ small: 0, large: expect.closeTo(1), middle: 0 });
  });

  it("lets weights decide among idle ones", () => {
    const candidates = [candidateNamed("one", { weight: 1 }), candidateNamed("three", { weight: 3 })];
    expect(sharesOf(candidates, "least_busy")).toEqual({ one: expect.closeTo(0.25, 1), three: expect.closeTo(0.75, 1) });
  });
});

describe("cheapest", () => {
  const cheap = { input: 0.1, output: 0.2 };

  it("takes the lowest price, and one whose price is not known last", () => {
    const candidates = [
      candidateNamed("unknown"),
      candidateNamed("dear", { price: { input: 0.1, output: 3 } }),
      candidateNamed("cheap", { price: cheap, inFlight: 9 }),
    ];
    expect(sharesOf(candidates, "cheapest")).toEqual({ unknown: 0, dear: 0, cheap: expect.closeTo(1) });
  });

  it("takes the less busy one of two at the same price", () => {
    const candidates = [candidateNamed("busy", { price: cheap, inFlight: 2 }), candidateNamed("idle", { price: cheap })];
    expect(sharesOf(candidates, "cheapest")).toEqual({ busy: 0, idle: expect.closeTo(1) });
  });
});

describe("lowest_latency", () => {
  it.each([
    ["the faster of two", { a: { firstTokenMs: 50 }, b: { firstTokenMs: 200 } }, "a"],
    ["the slower one when the faster has too many", { a: { firstTokenMs: 50, inFlight: 4 }, b: { firstTokenMs: 200 } }, "b"],
    ["a new one, to see how fast it is", { a: { firstTokenMs: 50 }, b: {} }, "b"],
    ["no second time a new one that has not answered yet", { a: { firstTokenMs: 50, inFlight: 3 }, b: { inFlight: 1 } }, "a"],
  ])("takes %s", (_, { a, b }, expected) => {
    expect(sharesOf([candidateNamed("a", a), candidateNamed("b", b)], "lowest_latency")[expected]).toBeCloseTo(1);
  });

  it("sends less than a tenth to a deployment that is five times slower", () => {
    const deployments = [
      { name: "fast-1", firstTokenMs: 100 },
      { name: "fast-2", firstTokenMs: 100 },
      { name: "slow", firstTokenMs: 500 },
    ];
    const counts = simulateTraffic({ deployments, route: { policy: "lowest_latency", affinity: "none" }, requests: 5_000, everyMs: 20 });
    expect(counts.get("slow")).toBeLessThan(500);
    expect(counts.get("slow")).toBeGreaterThan(0);
    expect(Math.abs((counts.get("fast-1") ?? 0) - (counts.get("fast-2") ?? 0))).toBeLessThan(500);
  });

  it("does not take what fails fast for fast", () => {
    const deployments = [
      { name: "good", firstTokenMs: 300 },
      { name: "broken", firstTokenMs: 2, error: new EngineError("bad-response", "nonsense") },
    ];
    const counts = simulateTraffic({ deployments, route: { policy: "lowest_latency", affinity: "none" }, requests: 2_000, everyMs: 50 });
    expect(counts.get("broken")).toBeLessThan(20);
    expect((counts.get("good") ?? 0) + (counts.get("broken") ?? 0)).toBe(2_000);
  });
});
