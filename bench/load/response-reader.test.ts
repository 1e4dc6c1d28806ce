import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResponseReader } from "./response-reader.ts";

interface Seen {
  status: number;
  isEventStream: boolean;
  body: string;
  complete: boolean;
}

function read(text: string, cuts: readonly number[]): { seen: Seen[]; reader: ResponseReader } {
  const seen: Seen[] = [];
  const current = () => seen.at(-1) ?? { status: 0, isEventStream: false, body: "", complete: false };
  const reader = new ResponseReader({
    head: (status, isEventStream) => seen.push({ status, isEventStream, body: "", complete: false }),
    body: (piece) => {
      current().body += piece.toString("latin1");
    },
    end: () => {
      current().complete = true;
    },
  });
  const bytes = Buffer.from(text, "latin1");
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  for (const [index, place] of places.entries()) reader.feed(bytes.subarray(places[index - 1] ?? 0, place));
  return { seen, reader };
}

const chunked = (parts: readonly string[]) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${parts
    .filter((part) => part !== "")
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join("")}0\r\n\r\n`;
const sized = (body: string) => `HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe("answers on one connection", () => {
  it("are read alike in whatever pieces they come", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "0", "d") });
    fc.assert(
      fc.property(fc.array(part), part, fc.array(fc.nat()), (parts, body, cuts) => {
        const { seen, reader } = read(chunked(parts) + sized(body), cuts);
        expect(seen).toEqual([
          { status: 200, isEventStream: true, body: parts.join(""), complete: true },
          { status: 404, isEventStream: false, body, complete: true },
        ]);
        expect(reader.close()).toBe(true);
      }),
    );
  });

  it("may end with the connection", () => {
    const { seen, reader } = read("HTTP/1.1 200 OK\r\n\r\nall of it", []);
    expect(reader.close()).toBe(true);
    expect(seen).toMatchObject([{ body: "all of it", complete: true }]);
    expect(reader.keepsOpen).toBe(false);
  });

  it.each([
    ["in the head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["in a sized body", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"],
    ["in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nshort"],
    ["before the last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"],
  ])("are incomplete when the connection closes %s", (_, text) => {
    expect(read(text, []).reader.close()).toBe(false);
  });

  it("say when the server will close", () => {
    const { reader } = read("HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok", []);
    expect(reader.keepsOpen).toBe(false);
  });
});
