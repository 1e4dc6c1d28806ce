import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TIERS, type Tier } from "./choose-next.ts";
import { type Entered, Places, queuesOn, settled } from "./testing/places.ts";

const PLACES = ["here", "there"] as const;

interface Asked {
  readonly name: string;
  readonly tier: Tier;
  readonly place: (typeof PLACES)[number];
  readonly entered: Entered;
  state: "waiting" | "started" | "cancelled" | "late";
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("enter" as const),
      queue: fc.constantFrom("one", "two"),
      tier: fc.constantFrom(...TIERS),
      fairKey: fc.constantFrom("a", "b", "c"),
      weight: fc.integer({ min: 1, max: 5 }),
      place: fc.constantFrom(...PLACES),
      hasKind: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("free" as const), place: fc.constantFrom(...PLACES) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cancel" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("pass" as const), milliseconds: fc.integer({ min: 1, max: 4_000 }) }) },
);

describe("admission queues, whatever happens in whatever order,", () => {
  it("lose nobody, start nobody twice and nobody who left, leave no place idle that one who waits could use, and start nobody before a more urgent one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const places = new Places({ here: 1, there: 0 });
        const { queues, clock, enter, free, started } = queuesOn(places, { deadlineMs: 10_000 });
        const asked: Asked[] = [];
        const named = (name: string) => asked.find((one) => one.name === name);
        const waitingFor = (place: string) => asked.filter((one) => one.state === "waiting" && one.place === place);
        let seen = 0;
        /** What began since the last look. */
        const look = () => {
          for (const name of started.slice(seen)) {
            const one = named(name);
            if (one === undefined) continue;
            expect(one.state).toBe("waiting");
            one.state = "started";
            const moreUrgent = waitingFor(one.place).filter(({ tier }) => TIERS.indexOf(tier) < TIERS.indexOf(one.tier));
            expect(moreUrgent).toEqual([]);
          }
          seen = started.length;
        };

        for (const [index, each] of steps.entries()) {
          if (each.type === "enter") {
            const name = String(index);
            const { queue, tier, fairKey, weight, place } = each;
            const entered = enter(name, { queue, tier, fairKey, weight, place, ...(each.hasKind ? { kind: place } : {}) });
            asked.push({ name, tier, place, entered, state: "waiting" });
          } else if (each.type === "free") {
            free(each.place);
          } else if (each.type === "pass") {
            clock.advance(each.milliseconds);
            for (const one of asked) if (one.state === "waiting" && (await isRefused(one.entered))) one.state = "late";
          } else {
            const one = asked[each.which % Math.max(1, asked.length)];
            one?.entered.cancel.abort(new Error("gone"));
            if (one?.state === "waiting") one.state = "cancelled";
          }
          look();
          expect(queues.waiting()).toBe(asked.filter(({ state }) => state === "waiting").length);
          for (const place of PLACES) if (places.isFree(place)) expect(waitingFor(place)).toEqual([]);
        }

        // Whoever still waits is served in the end.
        for (const place of PLACES) for (let i = 0; i < steps.length; i++) free(place);
        look();
        expect(queues.waiting()).toBe(0);
        expect(new Set(started).size).toBe(started.length);
        for (const { state, entered } of asked) {
          expect(state).not.toBe("waiting");
          expect("value" in (await settled(entered.outcome))).toBe(state === "started");
        }
      }),
    );
  });

  it("share places between two greedy keys by their weights, wherever they wait", () => {
    const weight = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(weight, weight, fc.integer({ min: 1, max: 60 }), (a, b, served) => {
        const { enter, free, started } = queuesOn(new Places({ here: 0 }), { mostWaiting: 1_000 });
        // Each comes back as soon as it was served.
        const ask = { a: () => enter("a", { fairKey: "a", weight: a }), b: () => enter("b", { fairKey: "b", weight: b }) };
        ask.a();
        ask.b();
        for (let i = 0; i < served; i++) {
          free("here");
          ask[started.at(-1) === "a" ? "a" : "b"]();
        }
        const ofA = started.filter((name) => name === "a").length;
        expect(Math.abs(ofA / a - (served - ofA) / b)).toBeLessThanOrEqual(1 / a + 1 / b + 1e-9);
      }),
    );
  });
});

/** Whether it has failed by now. */
async function isRefused({ outcome }: Entered): Promise<boolean> {
  const pending = Symbol("pending");
  const first = await Promise.race([settled(outcome), Promise.resolve().then(() => Promise.resolve(pending))]);
  return typeof first === "object" && "error" in first;
}
