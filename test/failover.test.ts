import { expect, it } from "vitest";
import { failOverUnderLoad } from "./failover/fail-over.ts";

it("replicas that die under load cost nobody an answer that had not begun", async () => {
  const figures = await failOverUnderLoad({ seconds: 10, perSecond: 40, killEveryMs: 3_000 });
  expect(figures.requests).toBe(400);
  expect(figures.kills).toBeGreaterThanOrEqual(2);
  expect(figures.retried).toBeGreaterThan(0);
  expect(figures.cutStreams).toBeGreaterThan(0);
});
