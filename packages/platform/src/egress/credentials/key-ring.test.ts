import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { EngineError } from "../../engine/engine-error.ts";
import { type KeyRested, KeyRing } from "./key-ring.ts";

let now: number;
let rested: KeyRested[];
beforeEach(() => {
  now = 1_000_000;
  rested = [];
});

function ringOf(...names: string[]): KeyRing<string> {
  const keys = names.map((name) => ({ name, open: () => name }));
  return new KeyRing({ keys, onRest: (rest) => rested.push(rest), now: () => now });
}

const take = (ring: KeyRing<string>, times: number, model = "m"): string[] =>
  Array.from({ length: times }, () => ring.take(model).material);

function failureOf(ring: KeyRing<string>, model = "m"): EngineError {
  try {
    ring.take(model);
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("A key was given.");
}

/** Takes keys until this one comes, and tells that it was refused. */
function refuse(ring: KeyRing<string>, name: string, status: number, retryAfterMs?: number): boolean {
  for (;;) {
    const taken = ring.take("m");
    if (taken.material === name) return taken.refused(status, retryAfterMs);
  }
}

describe("an upstream's keys", () => {
  it("take turns", () => {
    expect(take(ringOf("a", "b", "c"), 6)).toEqual(["a", "b", "c", "a", "b", "c"]);
  });

  it.each([
    [401, undefined, 600_000],
    [402, undefined, 600_000],
    [403, undefined, 600_000],
    [403, 5_000, 600_000],
    [429, undefined, 30_000],
    [429, 7_000, 7_000],
  ])("rest after a %i with retry-after %s for %i ms", (status, retryAfterMs, forMs) => {
    const ring = ringOf("a", "b");
    expect(refuse(ring, "a", status, retryAfterMs)).toBe(true);
    expect(rested).toEqual([{ key: "a", status, forMs }]);
    expect(take(ring, 3)).toEqual(["b", "b", "b"]);
    now += forMs - 1;
    expect(take(ring, 2)).toEqual(["b", "b"]);
    now += 1;
    expect(take(ring, 2).sort()).toEqual(["a", "b"]);
  });

  it.each([400, 404, 500, 503])("do not rest after a %i", (status) => {
    const ring = ringOf("a", "b");
    expect(refuse(ring, "a", status)).toBe(false);
    expect(take(ring, 2).sort()).toEqual(["a", "b"]);
  });

  it.each([403, 429])("rest for one model alone after a %i", (status) => {
    const ring = ringOf("a", "b");
    refuse(ring, "a", status);
    expect(take(ring, 2, "other").sort()).toEqual(["a", "b"]);
  });

  it.each([401, 402])("rest for all models after a %i", (status) => {
    const ring = ringOf("a", "b");
    refuse(ring, "a", status);
    expect(take(ring, 2, "other")).toEqual(["b", "b"]);
  });

  it("are tried again soon when none is left, since somebody may have mended one", () => {
    const ring = ringOf("a", "b");
    refuse(ring, "a", 401);
    expect(refuse(ring, "b", 401)).toBe(false);
    expect(failureOf(ring)).toMatchObject({ kind: "refused", details: { retryAfterMs: 10_000 } });
    now += 10_000;
    expect(take(ring, 2)).toEqual(["b", "b"]);
  });

  it("say when the first comes back, and why it rests", () => {
    const ring = ringOf("a", "b");
    refuse(ring, "a", 429, 60_000);
    refuse(ring, "b", 429, 20_000);
    now += 5_000;
    expect(failureOf(ring)).toMatchObject({ kind: "rate-limited", details: { retryAfterMs: 15_000 } });
  });

  it("rest only for a moment after a 429 that names no time, when there is but one", () => {
    const ring = ringOf("a");
    expect(refuse(ring, "a", 429)).toBe(false);
    expect(failureOf(ring).details.retryAfterMs).toBe(1_000);
  });

  it("are passed over where they cannot be opened", () => {
    const cause = new Error("sealed elsewhere");
    const bad = {
      name: "bad",
      open: (): string => {
        throw cause;
      },
    };
    const ring = new KeyRing({ keys: [bad, { name: "good", open: () => "good" }], onRest: (rest) => rested.push(rest), now: () => now });
    expect(take(ring, 3)).toEqual(["good", "good", "good"]);
    expect(rested).toEqual([{ key: "bad", status: undefined, forMs: 600_000 }]);
    expect(failureOf(new KeyRing({ keys: [bad], now: () => now }))).toMatchObject({ kind: "refused", cause });
  });

  it("are opened once, when they are first needed", () => {
    let opened = 0;
    const ring = new KeyRing({ keys: [{ name: "a", open: () => `${++opened}` }], now: () => now });
    expect(opened).toBe(0);
    expect(take(ring, 3)).toEqual(["1", "1", "1"]);
  });

  it("never rest all without a time at which one comes back", () => {
    const refusal = fc.record({
      status: fc.constantFrom(401, 402, 403, 429, 500),
      retryAfterMs: fc.option(fc.nat(100_000), { nil: undefined }),
      waitMs: fc.nat(20_000),
      model: fc.constantFrom("m", "n"),
    });
    fc.assert(
      fc.property(fc.array(refusal, { maxLength: 60 }), (refusals) => {
        const ring = ringOf("a", "b", "c");
        for (const { status, retryAfterMs, waitMs, model } of refusals) {
          try {
            ring.take(model).refused(status, retryAfterMs);
          } catch (error) {
            if (!(error instanceof EngineError)) throw error;
            now += error.details.retryAfterMs ?? Number.NaN;
            expect(() => ring.take(model)).not.toThrow();
          }
          now += waitMs;
        }
      }),
    );
  });
});
