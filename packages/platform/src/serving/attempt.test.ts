import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { until } from "../engine/testing/until.ts";
import { END, START, STOP, says, scriptedDeployment, word } from "./testing/scripted-deployment.ts";
import { startAttempt } from "./testing/start-attempt.ts";

const INTERRUPTED = new EngineError("interrupted", "gone");

describe("an attempt", () => {
  it("begins with what came until the first content, and goes on behind it", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play([START, word(""), word("first"), word(" second"), STOP, END]);
    const { attempt } = startAttempt(scripted);
    expect(await attempt.begin()).toEqual([START, word(""), word("first")]);
    expect(await attempt.next()).toEqual({ done: false, value: word(" second") });
  });

  it("has begun where an answer has no text at all", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play([START, STOP, END]);
    expect(await startAttempt(scripted).attempt.begin()).toEqual([START, STOP]);
  });

  it("has begun where a thousand events say nothing: what is held back is bounded", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play([START, ...Array.from({ length: 5_000 }, () => word("")), STOP, END]);
    expect(await startAttempt(scripted).attempt.begin()).toHaveLength(1_000);
  });

  it("has failed where the answer ends without any content", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play([START]);
    const { attempt, health } = startAttempt(scripted);
    await expect(attempt.begin()).rejects.toMatchObject({ kind: "bad-response" });
    expect(health.summary(Date.now()).lastFailure).toBeDefined();
  });

  it("read to its end gives all events, and throws what the engine said, not what clients are told", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play(says("whole"), [START, word("half"), INTERRUPTED]);
    const whole = startAttempt(scripted);
    expect(await whole.attempt.readOn(await whole.attempt.begin())).toEqual(says("whole"));
    expect(await whole.attempt.next()).toEqual({ done: true, value: undefined });
    const half = startAttempt(scripted);
    await expect(half.attempt.readOn(await half.attempt.begin())).rejects.toBe(INTERRUPTED);
  });
});

describe("the place and the lease of an attempt are given back, once,", () => {
  it.each([
    ["at the end of its answer", says("word"), undefined],
    ["when it fails before its content", [INTERRUPTED], undefined],
    ["when it fails behind it", [START, word("half"), INTERRUPTED], undefined],
    ["when its reader leaves", [START, word("half"), "silence"], "leave"],
    ["when the request is given up", [START, word("half"), "silence"], "abort"],
  ] as const)("%s", async (_, script, how) => {
    const scripted = scriptedDeployment("up/m");
    scripted.play(script);
    const { attempt, health, ends, released, request } = startAttempt(scripted);
    expect(health.inFlight).toBe(1);
    const run = async (): Promise<void> => {
      await attempt.begin();
      if (how === "leave") return void (await attempt.return());
      if (how === "abort") request.abort(new Error("gone"));
      while ((await attempt.next()).done !== true);
    };
    await run().catch(() => undefined);
    await attempt.return().catch(() => undefined);
    expect([health.inFlight, ends(), released()]).toEqual([0, 1, 1]);
  });

  it("when nothing could be leased; then there is no lease to give back", async () => {
    const refusal = new EngineError("unreachable", "No such model.");
    const scripted = scriptedDeployment("up/m", { acquire: () => Promise.reject(refusal) });
    const { attempt, health, ends, released } = startAttempt(scripted);
    await expect(attempt.begin()).rejects.toBe(refusal);
    expect([health.inFlight, ends(), released()]).toEqual([0, 1, 0]);
  });

  it("when the request is given up while the model is loading; that tells against nobody", async () => {
    const scripted = scriptedDeployment("up/m", {
      acquire: (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const { attempt, health, ends, request } = startAttempt(scripted);
    const begun = attempt.begin();
    request.abort(new Error("gone"));
    await expect(begun).rejects.toThrow("gone");
    expect([health.inFlight, ends(), health.summary(Date.now()).lastFailure]).toEqual([0, 1, undefined]);
  });
});

describe("the times of an attempt", () => {
  it("between two events begin anew with each of them", async () => {
    const scripted = scriptedDeployment("up/m");
    const pause = () => new Promise((resolve) => setTimeout(resolve, 40));
    scripted.play([START, word("0"), pause, word("1"), pause, word("2"), pause, word("3"), pause, word("4"), STOP, END]);
    const { attempt } = startAttempt(scripted, { betweenTokensMs: 120 });
    // All of them together take longer.
    const events = await attempt.readOn(await attempt.begin());
    expect(events.filter(({ type }) => type === "text-delta")).toHaveLength(5);
  });

  it("stop the engine when they are over, and that is its failure", async () => {
    const scripted = scriptedDeployment("up/m");
    scripted.play([START, word("half"), "silence"]);
    const { attempt, health, ends } = startAttempt(scripted, { betweenTokensMs: 20 });
    await attempt.begin();
    await expect(attempt.next()).rejects.toMatchObject({ code: "upstream_timeout" });
    await until(() => scripted.stopped.length === 1);
    expect(health.summary(Date.now()).lastFailure?.retryClass).toBe("timeout");
    expect(ends()).toBe(1);
  });

  it("do not run while the model is loading", async () => {
    const scripted = scriptedDeployment("up/m");
    const { acquire } = scripted.deployment;
    const loading = {
      ...scripted,
      deployment: {
        ...scripted.deployment,
        acquire: async (signal: AbortSignal) => {
          await new Promise((resolve) => setTimeout(resolve, 60));
          return acquire(signal);
        },
      },
    };
    expect(await startAttempt(loading, { firstTokenMs: 30 }).attempt.begin()).toHaveLength(2);
  });
});
