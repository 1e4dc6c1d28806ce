import { describe, expect, it } from "vitest";
import { PlaceRate } from "./place-rate.ts";

/** One place every two seconds. */
function observed(): { rate: PlaceRate; now: number } {
  const rate = new PlaceRate();
  rate.waitingBegan(0);
  let now = 0;
  for (let i = 0; i < 10; i++) {
    now += 2_000;
    rate.placeCame(now);
  }
  return { rate, now };
}

describe("the estimate of a wait", () => {
  it("is a second where nothing has been observed", () => {
    expect(new PlaceRate().secondsUntil(50, 1_000_000)).toBe(1);
  });

  it("is the number of places at the rate at which they came", () => {
    const { rate, now } = observed();
    expect(rate.secondsUntil(1, now)).toBe(2);
    expect(rate.secondsUntil(10, now)).toBe(20);
  });

  it("stays between a second and two minutes", () => {
    const { rate, now } = observed();
    expect(rate.secondsUntil(0, now)).toBe(1);
    expect(rate.secondsUntil(1_000, now)).toBe(120);
  });

  it("grows while no place comes at all", () => {
    const { rate, now } = observed();
    expect(rate.secondsUntil(2, now + 30_000)).toBe(60);
  });

  it("does not count the time in which nobody waited", () => {
    const { rate, now } = observed();
    rate.waitingBegan(now + 3_600_000);
    rate.placeCame(now + 3_602_000);
    expect(rate.secondsUntil(1, now + 3_602_000)).toBe(2);
  });
});
