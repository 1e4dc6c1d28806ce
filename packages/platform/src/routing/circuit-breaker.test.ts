import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BreakerEvent, type BreakerState, CircuitBreaker, CLOSED, transition } from "./circuit-breaker.ts";

const START = 1_000_000;

function after(events: readonly (readonly [number, BreakerEvent])[], from: BreakerState = CLOSED): BreakerState {
  return events.reduce((state, [at, event]) => transition(state, event, START + at), from);
}

const times = (count: number, event: BreakerEvent, everyMs = 0): (readonly [number, BreakerEvent])[] =>
  Array.from({ length: count }, (_, index) => [index * everyMs, event] as const);

describe("a closed breaker", () => {
  it("opens for five seconds at the fifth failure in a row", () => {
    expect(after(times(4, "failure")).phase).toBe("closed");
    expect(after(times(5, "failure", 10))).toEqual({ phase: "open", sinceMs: START + 40, forMs: 5_000 });
  });

  it("counts failures in a row anew after a success", () => {
    expect(after([...times(4, "failure"), [0, "success"], ...times(4, "failure")]).phase).toBe("closed");
  });

  const alternating = (count: number, everyMs: number) =>
    times(count, "failure", everyMs).map(([at], index) => [at, index % 2 === 0 ? "success" : "failure"] as const);

  /** One each second, two failures for each success. */
  const mostlyFailing = (count: number, fromMs: number) =>
    times(count, "failure", 1_000).map(([at], index) => [fromMs + at, index % 3 === 0 ? "success" : "failure"] as const);

  it.each([
    ["opens when half of twenty have failed", alternating(20, 100), "open"],
    ["stays closed with half of fewer", alternating(18, 100), "closed"],
    ["stays closed when they are spread over more than 30 s", alternating(60, 5_000), "closed"],
    [
      "stays closed when fewer than half have failed",
      times(60, "failure", 100).map(([at], i) => [at, i % 3 === 0 ? "failure" : "success"] as const),
      "closed",
    ],
    ["counts what lies on both sides of a window's border", [[0, "success"] as const, ...mostlyFailing(25, 20_000)], "open"],
    ["forgets what lies two windows back", [...alternating(19, 10), [90_000, "failure"] as const], "closed"],
  ])("%s", (_, events, phase) => {
    expect(after(events).phase).toBe(phase);
  });

  it("opens for as long as another gateway says, at most a minute", () => {
    expect(after([[0, { openForMs: 7_000 }]])).toEqual({ phase: "open", sinceMs: START, forMs: 7_000 });
    expect(after([[0, { openForMs: 7_000_000 }]])).toEqual({ phase: "open", sinceMs: START, forMs: 60_000 });
  });
});

const OPEN = after(times(5, "failure"));

describe("an open breaker", () => {
  it("does not listen to attempts that began before it opened", () => {
    expect(
      after(
        [
          [1, "success"],
          [2, "failure"],
        ],
        OPEN,
      ),
    ).toBe(OPEN);
  });

  it("lets a probe through when its time has come, and not before", () => {
    expect(after([[4_999, "probe-began"]], OPEN)).toBe(OPEN);
    expect(after([[5_000, "probe-began"]], OPEN)).toEqual({ phase: "half_open", probing: true, wasOpenMs: 5_000 });
  });

  it("lets a probe through at once when it answers a check", () => {
    expect(after([[100, "revived"]], OPEN)).toEqual({ phase: "half_open", probing: false, wasOpenMs: 5_000 });
  });

  it("is not kept open by a clock that was set back", () => {
    expect(after([[-3_600_000, "probe-began"]], OPEN).phase).toBe("half_open");
  });
});

describe("a half-open breaker", () => {
  const PROBING = after([[5_000, "probe-began"]], OPEN);

  it("closes when the probe succeeds", () => {
    expect(after([[5_100, "probe-succeeded"]], PROBING)).toBe(CLOSED);
  });

  it("opens for twice as long each time that the probe fails, up to a minute", () => {
    const waits: number[] = [];
    let state: BreakerState = PROBING;
    let now = START + 5_000;
    for (let probe = 0; probe < 6; probe++) {
      state = transition(state, "probe-failed", now);
      if (state.phase !== "open") throw new Error("It has not opened.");
      waits.push(state.forMs);
      now += state.forMs;
      state = transition(state, "probe-began", now);
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it("gives the right of a cancelled probe to the next request", () => {
    expect(after([[5_100, "probe-cancelled"]], PROBING)).toEqual({ phase: "half_open", probing: false, wasOpenMs: 5_000 });
  });

  it.each<[string, BreakerEvent]>([
    ["an older success", "success"],
    ["an older failure", "failure"],
    ["a hint", { openForMs: 9_000 }],
    ["a second probe", "probe-began"],
    ["a check", "revived"],
  ])("does not listen to %s while it probes", (_, event) => {
    expect(after([[5_100, event]], PROBING)).toBe(PROBING);
  });
});

const moves = fc.array(
  fc.record({
    waitMs: fc.nat(20_000),
    move: fc.constantFrom("begin", "succeed", "fail", "cancel", "hint", "revive", "cool"),
    which: fc.nat(20),
  }),
  { maxLength: 150 },
);

interface Attempt {
  readonly isProbe: boolean;
}

/** Plays attempts against a breaker as its users do. */
function play(steps: (typeof moves extends fc.Arbitrary<infer T> ? T : never) | readonly never[], check: (probes: number) => void) {
  const breaker = new CircuitBreaker();
  const running: Attempt[] = [];
  let now = START;
  for (const { waitMs, move, which } of steps) {
    now += waitMs;
    if (move === "begin" && typeof breaker.allow(now) === "string") running.push({ isProbe: breaker.begin(now) });
    else if (move === "hint") breaker.tell({ openForMs: 10_000 }, now);
    else if (move === "revive") breaker.tell("revived", now);
    else if (move === "cool") breaker.coolUntil(now + 3_000);
    else if (move !== "begin") {
      const [attempt] = running.splice(which % Math.max(1, running.length), 1);
      if (attempt === undefined) continue;
      if (move === "cancel") {
        if (attempt.isProbe) breaker.tell("probe-cancelled", now);
      } else if (attempt.isProbe) breaker.tell(move === "succeed" ? "probe-succeeded" : "probe-failed", now);
      else breaker.tell(move === "succeed" ? "success" : "failure", now);
    }
    check(running.filter(({ isProbe }) => isProbe).length);
  }
  return { breaker, running, now };
}

describe("whatever happens", () => {
  it("there is never more than one probe", () => {
    fc.assert(fc.property(moves, (steps) => void play(steps, (probes) => expect(probes).toBeLessThanOrEqual(1))));
  });

  it("requests get through again, once nothing is under way and a minute has passed, and a success closes it", () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const { breaker, running, now } = play(steps, () => undefined);
        for (const { isProbe } of running) if (isProbe) breaker.tell("probe-cancelled", now);
        const later = now + 60_000;
        expect(["yes", "probe"]).toContain(breaker.allow(later));
        if (breaker.begin(later)) breaker.tell("probe-succeeded", later);
        expect(breaker.allow(later)).toBe("yes");
      }),
    );
  });

  it("it says when to come back, and is right", () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const { breaker, running, now } = play(steps, () => undefined);
        fc.pre(!running.some(({ isProbe }) => isProbe));
        const allowed = breaker.allow(now);
        if (typeof allowed === "object") {
          expect(breaker.allow(allowed.retryAtMs - 1)).toEqual(allowed);
          expect(typeof breaker.allow(allowed.retryAtMs)).toBe("string");
        }
      }),
    );
  });
});

describe("a deployment that asked to be left alone", () => {
  it("is not asked until then, though its breaker is closed", () => {
    const breaker = new CircuitBreaker();
    breaker.coolUntil(START + 2_000);
    breaker.coolUntil(START + 1_000);
    expect(breaker.allow(START)).toEqual({ retryAtMs: START + 2_000 });
    expect(breaker.allow(START + 2_000)).toBe("yes");
    expect(breaker.phase).toBe("closed");
  });

  it("is left alone for the longer of its wish and its breaker", () => {
    const breaker = new CircuitBreaker();
    for (let failure = 0; failure < 5; failure++) breaker.tell("failure", START);
    breaker.coolUntil(START + 2_000);
    expect(breaker.allow(START)).toEqual({ retryAtMs: START + 5_000 });
    breaker.coolUntil(START + 9_000);
    expect(breaker.allow(START + 6_000)).toEqual({ retryAtMs: START + 9_000 });
  });
});
