import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HedgeBudget } from "./hedge-budget.ts";
import { RetryBudget } from "./retry-budget.ts";
import { SlidingCount } from "./sliding-count.ts";

const START = 1_000_000;

function takeAll(budget: RetryBudget, now: number): number {
  let taken = 0;
  while (budget.tryTake(now)) taken++;
  return taken;
}

describe("the budget of retries", () => {
  it("gives ten a second to a gateway with few requests", () => {
    expect(takeAll(new RetryBudget(), START)).toBe(100);
  });

  it("gives a fifth of the requests beside", () => {
    const budget = new RetryBudget();
    for (let request = 0; request < 1_000; request++) budget.noteRequest(START);
    expect(takeAll(budget, START)).toBe(300);
  });

  it("is whole again after ten seconds", () => {
    const budget = new RetryBudget();
    takeAll(budget, START);
    expect(budget.tryTake(START + 8_000)).toBe(false);
    expect(takeAll(budget, START + 10_000)).toBe(100);
  });

  it("never gives more than that, whenever it is asked", () => {
    const step = fc.record({ waitMs: fc.nat(3_000), requests: fc.nat(50), retries: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const budget = new RetryBudget();
        const requests: number[] = [];
        const retries: number[] = [];
        const since = (times: readonly number[], from: number): number => times.filter((at) => at > from).length;
        let now = START;
        for (const each of steps) {
          now += each.waitMs;
          for (let request = 0; request < each.requests; request++) {
            budget.noteRequest(now);
            requests.push(now);
          }
          for (let retry = 0; retry < each.retries; retry++) if (budget.tryTake(now)) retries.push(now);
          // Ten seconds, of which the oldest one is forgotten as a whole.
          expect(since(retries, now - 9_000)).toBeLessThanOrEqual(0.2 * since(requests, now - 10_000) + 100);
        }
      }),
    );
  });
});

describe("the budget of hedges", () => {
  it("never gives more than their share of the requests so far", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.2, noNaN: true }), fc.array(fc.boolean(), { maxLength: 500 }), (share, slow) => {
        const budget = new HedgeBudget(share);
        let hedges = 0;
        slow.forEach((isSlow, index) => {
          budget.noteRequest();
          if (isSlow && budget.tryTake()) hedges++;
          expect(hedges).toBeLessThanOrEqual(share * (index + 1) + 1e-9);
        });
      }),
    );
  });

  it("saves up ten at the most", () => {
    const budget = new HedgeBudget(0.05);
    for (let request = 0; request < 10_000; request++) budget.noteRequest();
    let hedges = 0;
    while (budget.tryTake()) hedges++;
    expect(hedges).toBe(10);
  });
});

describe("a sliding count", () => {
  it("is what happened in the window, but for the part of one bucket", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_000), { maxLength: 60 }), fc.nat(15_000), (waits, lastWait) => {
        const count = new SlidingCount({ windowMs: 10_000, buckets: 10 });
        let now = START;
        const events = waits.map((waitMs) => {
          now += waitMs;
          count.add(now);
          return now;
        });
        now += lastWait;
        const total = count.total(now);
        expect(total).toBeGreaterThanOrEqual(events.filter((at) => at > now - 9_000).length);
        expect(total).toBeLessThanOrEqual(events.filter((at) => at > now - 10_000).length);
      }),
    );
  });

  it("goes on when the clock is set back", () => {
    const count = new SlidingCount({ windowMs: 10_000, buckets: 10 });
    count.add(START);
    count.add(START - 1_500);
    expect(count.total(START - 1_500)).toBe(2);
    expect(count.total(START - 3_600_000)).toBe(0);
    count.add(START - 3_600_000);
    expect(count.total(START - 3_600_000)).toBe(1);
  });
});
