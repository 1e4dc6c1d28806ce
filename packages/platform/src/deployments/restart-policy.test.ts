import { describe, expect, it } from "vitest";
import { afterFailure, RESTART_POLICY, startDeadlineMs } from "./restart-policy.ts";

describe("afterFailure", () => {
  it("doubles the pause with each failure in a row, and gives up at the fifth", () => {
    const pauses = [0, 1, 2, 3, 4].map((failuresInARow) => afterFailure(RESTART_POLICY, { failuresInARow, livedMs: 100 }).restartInMs);
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, undefined]);
  });

  it("never pauses longer than its ceiling", () => {
    const patient = { ...RESTART_POLICY, mostFailures: 100 };
    expect(afterFailure(patient, { failuresInARow: 50, livedMs: 0 }).restartInMs).toBe(30_000);
  });

  it("counts anew after a replica that had lived long enough to have recovered", () => {
    expect(afterFailure(RESTART_POLICY, { failuresInARow: 4, livedMs: 60_001 })).toEqual({ failuresInARow: 1, restartInMs: 500 });
  });
});

describe("startDeadlineMs", () => {
  it("is five minutes and 20 s for each GiB of weights", () => {
    expect([0, 1024 ** 3, 40 * 1024 ** 3].map(startDeadlineMs)).toEqual([300_000, 320_000, 1_100_000]);
  });
});
