import { expect, it } from "vitest";
import { failOverUnderLoad } from "../failover/fail-over.ts";

it("for a minute at 100 requests/s, with a replica killed every 5 s, no request fails that had not begun streaming", async () => {
  const figures = await failOverUnderLoad({ seconds: 60, perSecond: 100, killEveryMs: 5_000 });
  console.log(figures);
  expect(figures.requests).toBe(6_000);
  expect(figures.kills).toBeGreaterThanOrEqual(8);
  expect(figures.cutStreams).toBeGreaterThan(0);
});
