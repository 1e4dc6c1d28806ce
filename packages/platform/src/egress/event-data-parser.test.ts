import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventDataParser, EventTooLargeError } from "./event-data-parser.ts";

function parse(text: string | Buffer, pieceBytes = Number.POSITIVE_INFINITY, limit = 1_000_000): string[] {
  const parser = new EventDataParser(limit);
  const events: string[] = [];
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.push(bytes.subarray(at, at + pieceBytes), events);
  return events;
}

describe("server-sent events", () => {
  it.each<[string, string, string[]]>([
    ["end with a blank line", "data: a\n\ndata: b\n\n", ["a", "b"]],
    ["may have lines that end with CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["may have lines that end with CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["may mix the ends of lines", "data: a\r\n\ndata: b\r\rdata: c\n\r\n", ["a", "b", "c"]],
    ["may lack the space behind the colon", "data:a\n\n", ["a"]],
    ["lose one space there, and no more", "data:  a \n\n", [" a "]],
    ["may have several lines of data", "data: a\ndata\ndata: b\n\n", ["a\n\nb"]],
    ["have other fields and comments, which are passed over", ": hi\nevent: x\nid: 1\nretry: 5\nfoo\ndata: a\nevent: y\n\n", ["a"]],
    ["have no data where another field's name begins so", "database: a\n\ndat: b\n\n", []],
    ["without data are none", "\n\nevent: ping\n\ndata:\n\ndata\n\n", []],
    ["that are not ended are none", "data: a\n\ndata: b\n", ["a"]],
    ["that are cut in a line are none", "data: a\n\ndata: b", ["a"]],
    ["may begin with a byte order mark", "\ufeffdata: a\n\n", ["a"]],
    ["may have one in their data", "data: \ufeffa\n\n", ["\ufeffa"]],
  ])("%s", (_name, text, expected) => {
    for (const pieceBytes of [Number.POSITIVE_INFINITY, 1, 2, 3]) expect(parse(text, pieceBytes)).toEqual(expected);
  });

  it("are the same however their bytes are cut", () => {
    const line = fc.tuple(
      fc.constantFrom("data: ", "data:", ": ", "event: ", ""),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\n", "\r\n", "\r"),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((parts) => parts.join("")).join(""));
        const parser = new EventDataParser(1_000_000);
        const events: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = cuts[turn % cuts.length] ?? 1;
          parser.push(bytes.subarray(at, at + length), events);
          at += length;
        }
        expect(events).toEqual(parse(bytes));
      }),
    );
  });

  it("carry their data unchanged", () => {
    const data = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(data), fc.integer({ min: 1, max: 50 }), (all, pieceBytes) => {
        expect(parse(all.map((text) => `data: ${text}\n\n`).join(""), pieceBytes)).toEqual(all);
      }),
    );
  });

  it.each([
    ["a line", `data: ${"x".repeat(101)}`],
    ["a comment", `: ${"x".repeat(200)}`],
    ["many lines of one event", "data: xxxxxxxxxx\n".repeat(11)],
    ["many empty lines of one event", "data:\n".repeat(101)],
  ])("are bounded: %s", (_name, text) => {
    for (const pieceBytes of [1, 1_000]) expect(() => parse(text, pieceBytes, 100)).toThrow(EventTooLargeError);
  });

  it("are bounded each, not together", () => {
    expect(parse(`data: ${"x".repeat(90)}\n\n`.repeat(50), 7, 100)).toHaveLength(50);
  });
});
