import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDataUrl } from "./data-url.ts";

describe("a data URL", () => {
  it("gives exactly the bytes that are in it, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        const url = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
        expect(readDataUrl(url, 200)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(["image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "IMAGE/PNG"])("may hold %s", (type) => {
    expect(readDataUrl(`data:${type};base64,AAAA`, 3)).toEqual(Buffer.alloc(3));
  });

  it.each(["image/svg+xml", "image/tiff", "image/bmp", "image/heic", "application/pdf", "text/html", "image/"])(
    "may not hold %s",
    (type) => {
      expect(() => readDataUrl(`data:${type};base64,AAAA`, 3)).toThrow(`${type} is not supported: send PNG, JPEG, WebP and GIF.`);
    },
  );

  it.each([
    "data:,hello",
    "data:image/png,AAAA",
    "data:image/png;base64",
    "data:image/png;charset=utf-8;base64,AAAA",
    "data:;base64,AAAA",
    "data: image/png;base64, AAAA",
    `data:image/${"x".repeat(200)};base64,AAAA`,
  ])("must have the one form that images need: %j is refused", (url) => {
    expect(() => readDataUrl(url, 100)).toThrow(expect.objectContaining({ reason: "source" }));
  });

  it.each(["", "A", "AA", "AAA", "AAAAA", "AA==AAAA", "AA A", "AAA\n", "!!!!", "AAA%3D", "===="])(
    "whose content is %j is refused",
    (content) => {
      expect(() => readDataUrl(`data:image/png;base64,${content}`, 100)).toThrow(expect.objectContaining({ reason: "source" }));
    },
  );

  it("may be as large as is allowed and no byte larger, which is known before it is decoded", () => {
    const url = (size: number): string => `data:image/png;base64,${Buffer.alloc(size).toString("base64")}`;
    for (const limit of [10, 11, 12]) {
      expect(readDataUrl(url(limit), limit)).toHaveLength(limit);
      expect(() => readDataUrl(url(limit + 1), limit)).toThrow(expect.objectContaining({ reason: "too-large" }));
    }
    expect(() => readDataUrl(`data:image/png;base64,${"!".repeat(1_000)}`, 10)).toThrow("The image has more than 10 bytes.");
  });
});
