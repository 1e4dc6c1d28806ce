import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Credentials } from "../engine/engine.ts";
import type { EngineError } from "../engine/engine-error.ts";
import { until } from "../engine/testing/until.ts";
import { against, closeAll, eventsOf, failureOf, inTime, JSON_TYPE, SSE } from "./testing/call-raw-server.ts";
import { answer, EVENT_STREAM_HEAD, httpChunk, type RawScript } from "./testing/raw-server.ts";

afterEach(closeAll);

const FAILURES: readonly (readonly [string, EngineError["kind"], RawScript])[] = [
  ["closes without a word", "interrupted", (socket) => socket.destroy()],
  ["closes in the middle of its headers", "interrupted", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-ty")],
  ["sends what is no HTTP", "bad-response", (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n")],
  ["sends too many headers", "bad-response", (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${"x".repeat(100_000)}\r\n\r\n`)],
  ["breaks off a body in chunks", "interrupted", (socket) => socket.end(EVENT_STREAM_HEAD + httpChunk("data: 1\n\ndata: 2"))],
  [
    "breaks off a body in chunks on a connection that it does not keep",
    "interrupted",
    (socket) => socket.end(EVENT_STREAM_HEAD.replace("200 OK\r\n", "200 OK\r\nconnection: close\r\n") + httpChunk("data: 1\n\ndata: 2")),
  ],
  [
    "breaks off a body of known length",
    "interrupted",
    (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99\r\n\r\ndata: 1\n\n"),
  ],
  ["sends a web page", "bad-response", (socket) => socket.write(answer(200, { "content-type": "text/html" }, "<html>"))],
  ["names no type", "bad-response", (socket) => socket.write(answer(200, {}, "data: 1\n\n"))],
  ["names an unknown encoding", "bad-response", (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "zstd" }, "x"))],
  ["sends gzip that is none", "bad-response", (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "gzip" }, "data: 1\n\n"))],
  ["sends brotli that is none", "bad-response", (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "br" }, "data: 1\n\n"))],
  [
    "breaks off its gzip",
    "interrupted",
    (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "gzip" }, gzipSync("data: 1\n\n").subarray(0, 15))),
  ],
  ["redirects", "bad-response", (socket) => socket.write(answer(307, { location: "http://127.0.0.1:1/" }, ""))],
];

describe("a server that", () => {
  it.each(FAILURES)("%s fails the call as %s, and the next one works", async (_name, kind, script) => {
    const { http, server } = await against(script);
    expect((await failureOf(eventsOf(http))).kind).toBe(kind);
    server.script = (socket) => socket.write(answer(200, SSE, "data: 1\n\n"));
    expect(await eventsOf(http)).toEqual(["1"]);
  });

  it("sends an endless line is cut off before it fills the memory", async () => {
    const piece = httpChunk("x".repeat(1_000_000));
    let sent = 0;
    const { http, server } = await against((socket) => {
      socket.write(`${EVENT_STREAM_HEAD}${httpChunk("data: ")}`);
      const more = (): void => {
        while (!socket.destroyed && sent < 100) {
          sent++;
          if (!socket.write(piece)) {
            socket.once("drain", more);
            return;
          }
        }
      };
      more();
    });
    expect(await failureOf(eventsOf(http))).toMatchObject({ kind: "bad-response", message: "The engine sent an event that is too large." });
    await until(() => server.closed() === 1);
    expect(sent).toBeLessThan(40);
  });

  it("unpacks to more than memory holds is cut off", async () => {
    const bomb = gzipSync(`data: ${"x".repeat(20_000_000)}`);
    const { http } = await against((socket) => socket.write(answer(200, { ...SSE, "content-encoding": "gzip" }, bomb)));
    expect((await failureOf(eventsOf(http))).message).toBe("The engine sent an event that is too large.");
  });

  it("sends no JSON fails as bad-response, with the beginning of what it sent for the log", async () => {
    const { http } = await against((socket) => socket.write(answer(200, JSON_TYPE, `<html>${"x".repeat(5_000)}`)));
    const { kind, details } = await failureOf(http.getJson("models", inTime()));
    expect([kind, details.upstreamBody?.length]).toEqual(["bad-response", 2_000]);
  });

  it("is not there is unreachable", async () => {
    const { http, server } = await against(() => undefined);
    await server.close();
    expect((await failureOf(eventsOf(http))).kind).toBe("unreachable");
  });
});

describe("an error", () => {
  it.each([
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "-1" }, 0],
    [{ "retry-after": "999999999" }, 86_400_000],
    [{ "retry-after": "9", "retry-after-ms": "1234" }, 1_234],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
  ])("with %j can be tried again after %s ms", async (headers, expected) => {
    const { http } = await against((socket) => socket.write(answer(429, headers, "{}")));
    expect((await failureOf(eventsOf(http))).details.retryAfterMs).toBe(expected);
  });

  it("may name the date at which to try again", async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { http } = await against((socket) => socket.write(answer(503, { "retry-after": date }, "{}")));
    const { retryAfterMs = 0 } = (await failureOf(eventsOf(http))).details;
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("is read as far as a message may go, and leaves its connection usable where it is short", async () => {
    const { http, server } = await against((socket) => socket.write(answer(503, {}, "x".repeat(1_000_000))));
    expect((await failureOf(eventsOf(http))).details.upstreamBody?.length).toBe(64 * 1024);
    server.script = (socket) => socket.write(answer(503, { "content-encoding": "gzip" }, gzipSync("short")));
    expect((await failureOf(eventsOf(http))).details.upstreamBody).toBe("short");
    expect((await failureOf(eventsOf(http))).details.upstreamBody).toBe("short");
    expect(server.connections()).toBe(2);
  });

  it("says what it said where it breaks off", async () => {
    const { http } = await against((socket) => socket.end("HTTP/1.1 503 No\r\ncontent-length: 99\r\n\r\nbusy"));
    expect((await failureOf(eventsOf(http))).details).toMatchObject({ status: 503, upstreamBody: "busy" });
  });

  it.each([
    [401, true],
    [402, false],
    [403, true],
    [429, true],
    [503, false],
  ])("with status %i is told to the credentials: %s", async (status, isTold) => {
    const told: unknown[] = [];
    const credentials: Credentials = async () => ({
      headers: {},
      refused: (...args) => {
        told.push(args);
        return true;
      },
    });
    const { http } = await against((socket) => socket.write(answer(status, { "retry-after": "3" }, "{}")), { credentials });
    const { details } = await failureOf(eventsOf(http));
    expect(told).toEqual(isTold ? [[status, 3_000]] : []);
    expect(details.hasOtherCredentials).toBe(isTold ? true : undefined);
  });

  it("of no kind shows the key", async () => {
    const errors: unknown[] = [];
    for (const [, , script] of FAILURES) {
      const { http } = await against(script);
      errors.push(await failureOf(eventsOf(http)));
    }
    expect(inspect(errors, { depth: 12, showHidden: true })).not.toContain("canary");
  });
});
