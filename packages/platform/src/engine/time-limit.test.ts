import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { until } from "./testing/until.ts";
import { withTimeLimit } from "./time-limit.ts";

it("a time limit holds although garbage is collected while it runs", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: unknown = runInNewContext("gc");
  const reasons: unknown[] = [];
  const limitOne = () => {
    const limited = withTimeLimit(new AbortController().signal, 300);
    limited.addEventListener("abort", () => reasons.push(limited.reason));
  };
  limitOne();
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (typeof collectGarbage === "function") collectGarbage();
  }
  await until(() => reasons.length === 1);
  expect(reasons).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
});

it("a signal that aborts earlier counts", () => {
  const controller = new AbortController();
  const limited = withTimeLimit(controller.signal, 60_000);
  controller.abort("earlier");
  expect(limited.reason).toBe("earlier");
});
