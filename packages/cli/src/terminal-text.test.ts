import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ago, bytes, timeSpan } from "./amounts.ts";
import { paintFor, plain, printable, table } from "./terminal-text.ts";

describe("a text from elsewhere", () => {
  it("keeps no control character but tab and line feed, and everything else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).toBe([...text].filter((character) => /[\t\n]|\P{Cc}/u.test(character)).join(""));
      }),
    );
  });
});

describe("a table", () => {
  it("has columns as wide as their widest cell, whatever its colour", () => {
    const red = "\u001B[31mred\u001B[39m";
    expect(
      table([
        ["A", "B", "C"],
        [red, "long", ""],
        ["x", "", "y"],
      ]),
    ).toBe(`A    B     C\n${red}  long\nx          y`);
  });
});

it("colours are for terminals, and not for those who said no", () => {
  expect(paintFor({})).toBe(plain);
  vi.stubEnv("NO_COLOR", "");
  expect(paintFor({ isTTY: true })("bold", "x")).toBe("\u001B[1mx\u001B[22m");
  vi.stubEnv("NO_COLOR", "1");
  expect(paintFor({ isTTY: true })).toBe(plain);
  vi.unstubAllEnvs();
});

describe("amounts", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "0.98 KiB"],
    [98_000_000, "93.5 MiB"],
    [2 ** 33, "8.00 GiB"],
    [150 * 2 ** 30, "150 GiB"],
    [2 ** 50, "1024 TiB"],
  ])("%d bytes are %s", (count, text) => expect(bytes(count)).toBe(text));

  it.each([
    [0.4, "0 s"],
    [59, "59 s"],
    [3_600, "1 h"],
    [7_500, "2 h 5 min"],
    [90_061, "1 d 1 h"],
  ])("%d seconds are %s", (seconds, text) => expect(timeSpan(seconds)).toBe(text));

  it("have at most three digits that count, and a unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (count) => {
        expect(bytes(count)).toMatch(/^(\d{1,4}|\d{1,2}\.\d{1,2}) (B|KiB|MiB|GiB|TiB)$/);
      }),
    );
  });

  it("of the past say so", () => {
    expect(ago(100, 100.5)).toBe("now");
    expect(ago(100, 220)).toBe("2 min ago");
  });
});
