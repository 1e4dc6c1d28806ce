import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareOfPlaces } from "./service-share.ts";

describe("a gateway's share of a deployment's places", () => {
  it.each([
    ["is all of them where it is alone", 8, [], 8],
    ["is all of them while the others have nothing there", 8, [0, 0, 0], 8],
    ["is what the others leave", 8, [1, 2], 5],
    ["is its own part, rounded up, where others have borrowed no more than may be exceeded", 8, [4, 4], 2],
    ["is its own part while all are busy with theirs", 8, [4], 4],
    ["is one beyond the limit where another has borrowed everything, and more as that ends", 8, [8], 1],
    ["is nothing where the bound is reached", 8, [10, 0], 0],
    ["does not heed figures below nothing", 8, [-5], 8],
  ])("%s", (_, limit, others, share) => {
    expect(shareOfPlaces({ limit, others })).toBe(share);
  });
});

/** Each step: a gateway tries to begin a request, or ends one. */
const steps = fc.array(fc.record({ gateway: fc.nat(5), begins: fc.boolean() }), { maxLength: 200 });

function share(limit: number, inFlight: readonly number[], gateway: number): number {
  return shareOfPlaces({ limit, others: inFlight.filter((_, other) => other !== gateway) });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe("gateways that know each other's figures", () => {
  it("never have more than the limit and one more for each further gateway, and leave no place unused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 6 }), steps, (limit, gateways, taken) => {
        const inFlight = new Array<number>(gateways).fill(0);
        for (const { gateway: number, begins } of taken) {
          const gateway = number % gateways;
          const before = inFlight[gateway] ?? 0;
          const mayBegin = before < share(limit, inFlight, gateway);
          if (sum(inFlight) < limit) expect(mayBegin).toBe(true);
          if (!begins) inFlight[gateway] = Math.max(0, before - 1);
          else if (mayBegin) inFlight[gateway] = before + 1;
          expect(sum(inFlight)).toBeLessThanOrEqual(limit + gateways - 1);
        }
      }),
    );
  });

  it("give back what they have borrowed: whoever wants its own part gets it as requests end, wherever they end first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 2, max: 6 }), fc.nat(), (limit, gateways, seed) => {
        const own = Math.ceil(limit / gateways);
        const inFlight = new Array<number>(gateways).fill(0);
        inFlight[0] = limit;
        // All want as much as they can get; the one that has borrowed asks first each time.
        for (let round = 0; round < 4 * limit * gateways; round++) {
          for (let gateway = 0; gateway < gateways; gateway++) {
            while ((inFlight[gateway] ?? 0) < share(limit, inFlight, gateway)) inFlight[gateway] = (inFlight[gateway] ?? 0) + 1;
          }
          const ends = (seed + round) % gateways;
          inFlight[ends] = Math.max(0, (inFlight[ends] ?? 0) - 1);
        }
        for (let gateway = 0; gateway < gateways; gateway++) expect((inFlight[gateway] ?? 0) + 1).toBeGreaterThanOrEqual(own);
        expect(sum(inFlight)).toBeLessThanOrEqual(limit + gateways - 1);
      }),
    );
  });
});
