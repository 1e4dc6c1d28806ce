import { describe, expect, it } from "vitest";
import { StoreOutage } from "./store-outage.ts";

describe("the outage of a store", () => {
  const begun = () => {
    const outage = new StoreOutage();
    const told = [1, 2, 3].map(() => outage.failed(0));
    return { outage, told };
  };

  it("begins with the third failure in a row", () => {
    expect(begun().told).toEqual([false, false, true]);
    const outage = new StoreOutage();
    for (let i = 0; i < 10; i++) {
      expect([outage.failed(0), outage.failed(0), outage.mayTry(0)]).toEqual([false, false, true]);
      outage.succeeded();
    }
  });

  it("lets one try when the while is over, and the others when that one succeeded", () => {
    const { outage } = begun();
    expect(outage.mayTry(99)).toBe(false);
    expect([outage.mayTry(100), outage.mayTry(100)]).toEqual([true, false]);
    expect(outage.succeeded()).toBe(true);
    expect([outage.mayTry(100), outage.mayTry(100)]).toEqual([true, true]);
    expect(outage.succeeded()).toBe(false);
  });

  it("waits twice as long after each try that fails, up to five seconds", () => {
    const { outage } = begun();
    const waited: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 8; i++) {
      const since = nowMs;
      while (!outage.mayTry(nowMs)) nowMs += 100;
      outage.failed(nowMs);
      waited.push(nowMs - since);
    }
    expect(waited).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it("is not prolonged by requests that were under way when it began", () => {
    const { outage } = begun();
    for (let i = 0; i < 50; i++) outage.failed(50);
    expect(outage.mayTry(100)).toBe(true);
  });
});
