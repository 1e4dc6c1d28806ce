import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readOtlpHeaders } from "./otlp-headers.ts";

describe("OTLP headers", () => {
  it.each([
    ["", {}],
    ["authorization=Basic%20abc%3D", { authorization: "Basic abc=" }],
    ["X-Team = a ,x-other=b=c,", { "x-team": "a", "x-other": "b=c" }],
  ])("%j are read", (text, headers) => {
    expect(readOtlpHeaders(text)).toEqual(headers);
  });

  it.each(["noequals", "=value", "bad name=x", "a=%zz", "a=%0d%0ainjected: x"])("%j are refused", (text) => {
    expect(readOtlpHeaders(text)).toBeUndefined();
  });

  it("read back as they were written", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((key) => key !== "__proto__");
    const value = fc.string({ unit: "grapheme-ascii" }).map((text) => text.trim());
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (headers) => {
        const text = Object.entries(headers).map(([key, content]) => `${key}=${encodeURIComponent(content)}`);
        expect(readOtlpHeaders(text.join(","))).toEqual(headers);
      }),
    );
  });
});
