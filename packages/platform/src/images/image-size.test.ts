import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitImage, type ImageDetail } from "./image-size.ts";

const sizes = fc.record({ width: fc.integer({ min: 1, max: 20_000 }), height: fc.integer({ min: 1, max: 20_000 }) });
const details = fc.constantFrom<ImageDetail>("auto", "low", "high");

describe("the size that a model gets to see", () => {
  it.each([
    ["low", 4_032, 3_024, 512, 384],
    ["low", 512, 512, 512, 512],
    ["low", 100, 50, 100, 50],
    ["high", 1_024, 1_024, 768, 768],
    ["high", 2_048, 4_096, 768, 1_536],
    ["high", 4_032, 3_024, 1_024, 768],
    ["high", 8_000, 1_000, 2_048, 256],
    ["high", 640, 480, 640, 480],
    ["high", 10_000, 1, 2_048, 1],
    ["auto", 4_032, 3_024, 1_024, 768],
  ] as const)("at detail %s of %d × %d is %d × %d", (detail, width, height, ...expected) => {
    const fitted = fitImage({ width, height }, detail);
    expect([fitted.width, fitted.height]).toEqual(expected);
  });

  it("is within the bounds, never larger than it was, and has a pixel at least", () => {
    fc.assert(
      fc.property(sizes, details, (size, detail) => {
        const { width, height } = fitImage(size, detail);
        const [long, short] = detail === "low" ? [512, 512] : [2_048, 768];
        expect(Math.max(width, height)).toBeLessThanOrEqual(long);
        expect(Math.min(width, height)).toBeLessThanOrEqual(short);
        expect(width).toBeLessThanOrEqual(size.width);
        expect(height).toBeLessThanOrEqual(size.height);
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it("keeps the proportions but for less than a pixel", () => {
    fc.assert(
      fc.property(sizes, details, (size, detail) => {
        const { width, height } = fitImage(size, detail);
        const scale = Math.max(width / size.width, height / size.height);
        expect(Math.abs(size.width * scale - width)).toBeLessThanOrEqual(Math.max(1, size.width / size.height));
        expect(Math.abs(size.height * scale - height)).toBeLessThanOrEqual(Math.max(1, size.height / size.width));
      }),
    );
  });

  it("does not change when it is fitted again", () => {
    fc.assert(
      fc.property(sizes, details, (size, detail) => {
        const once = fitImage(size, detail);
        expect(fitImage(once, detail)).toEqual(once);
      }),
    );
  });
});
