import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseNext, type Flow, inTurn } from "./choose-next.ts";
import { FairTier } from "./fair-tier.ts";

interface Request {
  readonly name: string;
  readonly arrival: number;
}

const request = (name: string, arrival: number): Request => ({ name, arrival });
const choose = (flows: readonly Flow<Request>[], { virtualTime = 0, passedOver = "" } = {}) =>
  chooseNext({ flows, virtualTime, isPassedOver: ({ name }) => passedOver.includes(name) })?.name;

describe("the next request of a tier", () => {
  it("is none where nobody waits", () => {
    expect(choose([])).toBeUndefined();
  });

  it("is of the key whose turn begins first, whenever it came", () => {
    expect(
      choose([
        { turn: 2, waiting: [request("a", 1)] },
        { turn: 1, waiting: [request("b", 2)] },
      ]),
    ).toBe("b");
  });

  it("is the one that came first where turns begin together", () => {
    expect(
      choose([
        { turn: 1, waiting: [request("a", 2)] },
        { turn: 1, waiting: [request("b", 1)] },
      ]),
    ).toBe("b");
  });

  it("is the key's next one where its first is passed over", () => {
    const flows = [
      { turn: 1, waiting: [request("a", 1), request("b", 2)] },
      { turn: 2, waiting: [request("c", 3)] },
    ];
    expect(choose(flows, { passedOver: "a" })).toBe("b");
    expect(choose(flows, { passedOver: "ab" })).toBe("c");
    expect(choose(flows, { passedOver: "abc" })).toBeUndefined();
  });

  it("treats turns that have passed alike: nobody saves them up", () => {
    const flows = [
      { turn: 1, waiting: [request("a", 2)] },
      { turn: 5, waiting: [request("b", 1)] },
    ];
    expect(choose(flows, { virtualTime: 7 })).toBe("b");
  });
});

describe("the line of a tier", () => {
  it("has the order in which requests are chosen when all before them are passed over", () => {
    const keys = fc.array(fc.nat(3), { maxLength: 30 });
    fc.assert(
      fc.property(keys, fc.nat(3), (arrivals, virtualTime) => {
        const flows = [0, 1, 2, 3].map((turn) => ({
          turn,
          waiting: arrivals.flatMap((key, arrival) => (key === turn ? [request(`${arrival}`, arrival)] : [])),
        }));
        const passedOver = new Set<Request>();
        for (const next of inTurn({ flows, virtualTime })) {
          expect(chooseNext({ flows, virtualTime, isPassedOver: (one) => passedOver.has(one) })).toBe(next);
          passedOver.add(next);
        }
        expect(passedOver.size).toBe(arrivals.length);
      }),
    );
  });
});

describe("the turns of keys", () => {
  const waiting = (fairKey: string, arrival: number, weight = 1) => ({ fairKey, arrival, weight });
  const serve = (tier: FairTier<ReturnType<typeof waiting>>): string | undefined => {
    const next = tier.next(() => false);
    if (next === undefined) return undefined;
    tier.start(next);
    return next.fairKey;
  };

  it("never let one key get ahead of another by more than a turn of each, by weight", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100 }), (a, b, places) => {
        const tier = new FairTier<ReturnType<typeof waiting>>();
        for (let i = 0; i < places; i++) tier.add(waiting("a", i, a));
        for (let i = 0; i < places; i++) tier.add(waiting("b", places + i, b));
        const served = { a: 0, b: 0 };
        for (let i = 0; i < places; i++) served[serve(tier) === "a" ? "a" : "b"]++;
        expect(Math.abs(served.a / a - served.b / b)).toBeLessThanOrEqual(1 / a + 1 / b + 1e-9);
      }),
    );
  });

  it("are not won by leaving and coming back", () => {
    const tier = new FairTier<ReturnType<typeof waiting>>();
    for (let i = 0; i < 10; i++) tier.add(waiting("patient", i));
    const served: string[] = [];
    for (let i = 0; i < 10; i++) {
      tier.add(waiting("eager", 100 + i));
      while (served.at(-1) !== "eager" || served.length < 2 * (i + 1)) served.push(serve(tier) ?? "nobody");
    }
    expect(served.filter((key) => key === "patient")).toHaveLength(10);
  });

  it("cost nothing where a request left without one", () => {
    const tier = new FairTier<ReturnType<typeof waiting>>();
    const gone = [1, 2, 3].map((arrival) => waiting("a", arrival));
    for (const one of gone) tier.add(one);
    tier.add(waiting("b", 4));
    for (const one of gone) tier.remove(one);
    tier.add(waiting("a", 5));
    tier.add(waiting("b", 6));
    expect([serve(tier), serve(tier)].sort()).toEqual(["a", "b"]);
  });

  it("are remembered of a bounded number of keys that have nothing waiting", () => {
    const tier = new FairTier<ReturnType<typeof waiting>>();
    tier.add(waiting("last", 1_000_000, 0.001));
    for (let i = 0; i < 5_000; i++) {
      tier.add(waiting(`key ${i}`, i));
      serve(tier);
    }
    expect([...tier]).toHaveLength(1);
    expect(serve(tier)).toBe("last");
  });
});
