import fc from "fast-check";
import { expect, it } from "vitest";
import { retryDelayMs } from "./retry-delay.ts";

it("the wait before a further try begins at 100 ms and doubles", () => {
  expect([1, 2, 3, 4].map(retryDelayMs)).toEqual([100, 200, 400, 800]);
});

it("the wait before a further try never shrinks and never exceeds 5 s, however often the tries fail", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (failures) => {
      expect(retryDelayMs(failures + 1)).toBeGreaterThanOrEqual(retryDelayMs(failures));
      expect(retryDelayMs(failures)).toBeLessThanOrEqual(5_000);
    }),
  );
});
