import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import { classify } from "./failure-class.ts";
import { type FailedAttempt, nextStep } from "./retry-policy.ts";
import { routeTo } from "./testing/sample-routes.ts";

const { retries } = routeTo([]);
const failed = (kind: EngineErrorKind, details = {}, facts: Partial<FailedAttempt> = {}): FailedAttempt => ({
  failure: classify(new EngineError(kind, "no", details)),
  attempts: 1,
  retries,
  othersLeft: true,
  takeFromBudget: () => true,
  random: () => 0.5,
  ...facts,
});

describe("after a failure", () => {
  it.each<[string, FailedAttempt, object]>([
    ["another deployment is asked at once", failed("unreachable"), { type: "next" }],
    ["a longer context is looked for", failed("context-overflow"), { type: "next" }],
    ["a client's own mistake is told", failed("invalid-request"), { type: "fail" }],
    ["the same deployment gets other credentials", failed("refused", { hasOtherCredentials: true }), { type: "same", delayMs: 0 }],
    ["the only deployment is asked again after a pause", failed("interrupted", {}, { othersLeft: false }), { type: "same", delayMs: 50 }],
    ["the only deployment is not asked again what it cannot do", failed("context-overflow", {}, { othersLeft: false }), { type: "fail" }],
    [
      "a limit that ends soon is waited for",
      failed("rate-limited", { retryAfterMs: 4_000 }, { othersLeft: false }),
      { type: "same", delayMs: 4_050 },
    ],
    ["one that ends later is told", failed("rate-limited", { retryAfterMs: 5_001 }, { othersLeft: false }), { type: "fail" }],
    ["a limit is not waited for where others are left", failed("rate-limited", { retryAfterMs: 10 }), { type: "next" }],
    ["the last attempt was the last", failed("unreachable", {}, { attempts: 3 }), { type: "fail" }],
    ["even of other credentials", failed("refused", { hasOtherCredentials: true }, { attempts: 3 }), { type: "fail" }],
    [
      "a class that the route does not retry on is told",
      failed("timeout", {}, { retries: { attempts: 3, on: new Set(["connect"]) } }),
      { type: "fail" },
    ],
    ["a spent budget ends it", failed("unreachable", {}, { takeFromBudget: () => false }), { type: "fail" }],
    [
      "a spent budget ends it at the only deployment",
      failed("unreachable", {}, { othersLeft: false, takeFromBudget: () => false }),
      { type: "fail" },
    ],
    [
      "a long prompt has its fallback though the budget is spent",
      failed("context-overflow", {}, { takeFromBudget: () => false }),
      { type: "next" },
    ],
    ["so has one against a policy", failed("content-policy", {}, { takeFromBudget: () => false }), { type: "next" }],
  ])("%s", (_, attempt, step) => {
    expect(nextStep(attempt)).toEqual(step);
  });

  it("the budget is asked only for what is then done", () => {
    const takeFromBudget = () => {
      throw new Error("Nothing is retried.");
    };
    for (const attempt of [
      failed("invalid-request"),
      failed("unreachable", {}, { attempts: 3 }),
      failed("not-found", {}, { othersLeft: false }),
    ]) {
      expect(nextStep({ ...attempt, takeFromBudget })).toEqual({ type: "fail" });
    }
  });

  it("pauses double from 100 ms up to 2 s, and anything up to them is taken", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempts, luck) => {
        const step = nextStep(
          failed("unreachable", {}, { othersLeft: false, attempts, retries: { ...retries, attempts: 10 }, random: () => luck }),
        );
        expect(step).toEqual({ type: "same", delayMs: luck * Math.min(2_000, 100 * 2 ** (attempts - 1)) });
      }),
    );
  });
});
