import { describe, expect, it } from "vitest";
import { parseJsonBody } from "./json-body.ts";

const parse = (text: string) => parseJsonBody(text, "application/json");
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("parseJsonBody", () => {
  it("takes what is nested as deeply as anything that means something", () => {
    expect(parse(`{"tools": ${nested(400)}}`)).toHaveProperty("tools");
  });

  it.each([501, 1_000_000])("refuses what is nested %i levels deep", (depth) => {
    expect(() => parse(nested(depth))).toThrow(expect.objectContaining({ status: 400, message: expect.stringContaining("500 levels") }));
  });

  it("takes a prompt of many tokens", () => {
    expect(parse(`{"prompt": [${"1,".repeat(400_000)}1]}`)).toHaveProperty("prompt");
  });

  it.each(["0", "{}", "[[]]"])("refuses half a million times %s, each of which could be wrong", (item) => {
    const text = `{"messages": [${`${item},`.repeat(500_000)}0]}`;
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "request_too_large", status: 413 }));
  });
});
