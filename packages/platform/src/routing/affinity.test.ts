import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseBySession, isOverloaded, rankBySession } from "./affinity.ts";
import { candidateNamed, nameOf } from "./testing/sample-routes.ts";
import { simulateTraffic } from "./testing/simulate-traffic.ts";

const SESSIONS = Array.from({ length: 3_000 }, (_, index) => `session-${index}`);

function shareOf(weights: Readonly<Record<string, number>>): Record<string, number> {
  const candidates = Object.entries(weights).map(([name, weight]) => candidateNamed(name, { weight }));
  const shares: Record<string, number> = {};
  for (const session of SESSIONS) {
    const name = nameOf(chooseBySession(session, candidates)) ?? "";
    shares[name] = (shares[name] ?? 0) + 1 / SESSIONS.length;
  }
  return shares;
}

const deploymentNames = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}\/[a-z0-9]{1,8}$/), { minLength: 2, maxLength: 8 });

describe("rendezvous hashing of a session", () => {
  it("leads to the same deployment whatever their order", () => {
    fc.assert(
      fc.property(fc.string(), deploymentNames, (session, names) => {
        const candidates = names.map((name) => candidateNamed(name));
        expect(nameOf(chooseBySession(session, [...candidates].reverse()))).toBe(nameOf(chooseBySession(session, candidates)));
      }),
    );
  });

  it("moves only the sessions of a deployment that goes away", () => {
    fc.assert(
      fc.property(fc.string(), deploymentNames, fc.nat(), (session, names, gone) => {
        const candidates = names.map((name) => candidateNamed(name, { weight: 1 + (name.length % 3) }));
        const left = candidates.filter((_, index) => index !== gone % candidates.length);
        const [before, after] = [rankBySession(session, candidates), rankBySession(session, left)];
        expect(after).toEqual(before.filter((candidate) => left.includes(candidate)));
      }),
    );
  });

  it("takes the first of the ranking where all are idle", () => {
    fc.assert(
      fc.property(fc.string(), deploymentNames, (session, names) => {
        const candidates = names.map((name) => candidateNamed(name));
        expect(chooseBySession(session, candidates)).toBe(rankBySession(session, candidates)[0]);
      }),
    );
  });

  it("gives each deployment sessions by its weight", () => {
    expect(shareOf({ "local/a": 1, "local/b": 2, "together/c": 5 })).toEqual({
      "local/a": expect.closeTo(1 / 8, 1),
      "local/b": expect.closeTo(2 / 8, 1),
      "together/c": expect.closeTo(5 / 8, 1),
    });
  });

  it("spreads sessions evenly over names that differ in one letter", () => {
    for (const share of Object.values(shareOf({ "up-1/m": 1, "up-2/m": 1, "up-3/m": 1, "up-4/m": 1 }))) {
      expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
    }
  });

  it("gives nothing to those without weight, unless there are no others", () => {
    expect(Object.keys(shareOf({ a: 1, b: 0 }))).toEqual(["a"]);
    expect(Object.keys(shareOf({ a: 0, b: 0 })).sort()).toEqual(["a", "b"]);
  });

  it("leads to nothing where there is nothing", () => {
    expect(chooseBySession("s", [])).toBeUndefined();
  });
});

describe("the bound of a sticky choice", () => {
  it("passes over a deployment that has more than its share, for the next in the order", () => {
    const idle = ["a", "b", "c"].map((name) => candidateNamed(name));
    const [first, second] = rankBySession("hot", idle).map(nameOf);
    const busy = idle.map((candidate) => ({ ...candidate, inFlight: nameOf(candidate) === first ? 10 : 0 }));
    expect(nameOf(chooseBySession("hot", busy))).toBe(second);
  });

  it("is never exceeded by all of them", () => {
    const load = fc.record({ inFlight: fc.nat(100), weight: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 8 }), (loads) => {
        const candidates = loads.map((each, index) => candidateNamed(`d${index}`, each));
        expect(candidates.every((candidate) => isOverloaded(candidate, candidates))).toBe(false);
        expect(chooseBySession("s", candidates)).toBeDefined();
      }),
    );
  });

  it("holds while one session sends everything", () => {
    const deployments = ["a", "b", "c", "d"].map((name) => ({ name, firstTokenMs: 1_000 }));
    const excesses: number[] = [];
    const counts = simulateTraffic({
      deployments,
      route: { policy: "weighted", affinity: "session" },
      requests: 4_000,
      everyMs: 20,
      sessionOf: () => "everybody",
      onChoice: (chosen, candidates) => {
        const mean = candidates.reduce((sum, { inFlight }) => sum + inFlight, 0) / candidates.length;
        excesses.push(chosen.inFlight - (1.25 * mean + 4));
      },
    });
    expect(Math.max(...excesses)).toBeLessThanOrEqual(0);
    expect(Math.max(...counts.values())).toBeLessThan(2_000);
  });
});
