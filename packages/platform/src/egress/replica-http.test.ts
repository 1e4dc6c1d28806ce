import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Credentials, OutgoingCall } from "../engine/engine.ts";
import { until } from "../engine/testing/until.ts";
import { bearer } from "./bearer.ts";
import { ReplicaHttp } from "./replica-http.ts";
import { against, closeAll, closeLater, eventsOf, failureOf, inTime, JSON_TYPE, readError, SSE } from "./testing/call-raw-server.ts";
import { answer, EVENT_STREAM_HEAD, httpChunk, LAST_HTTP_CHUNK, type RawScript } from "./testing/raw-server.ts";

afterEach(closeAll);

const wholeStream = (body: string | Buffer) => EVENT_STREAM_HEAD + httpChunk(body).toString("latin1") + LAST_HTTP_CHUNK;

describe("a call", () => {
  it("is signed JSON, with the headers and the query of its server", async () => {
    const asked: OutgoingCall[] = [];
    const credentials: Credentials = async (call) => {
      asked.push(call);
      return { headers: { "x-api-key": "k" } };
    };
    const { http, server } = await against((socket) => socket.write(answer(200, JSON_TYPE, '{"ok":true}')), {
      credentials,
      headers: { "x-version": "7" },
      query: { "api-version": "2025-01-01" },
      model: "m",
    });
    expect(await http.postJson("chat?x=1", { a: "é" }, inTime())).toEqual({ ok: true });
    const [request = ""] = server.requests;
    expect(request.split("\r\n")[0]).toBe("POST /v1/chat?x=1&api-version=2025-01-01 HTTP/1.1");
    for (const line of ["x-api-key: k", "x-version: 7", "content-type: application/json", "accept-encoding: identity"])
      expect(request).toContain(`${line}\r\n`);
    expect(request).toContain('\r\n\r\n{"a":"é"}');
    expect(asked).toEqual([
      {
        method: "POST",
        url: new URL(`${server.url}/chat?x=1&api-version=2025-01-01`),
        headers: expect.objectContaining({ "x-version": "7", "content-type": "application/json" }),
        body: '{"a":"é"}',
        model: "m",
      },
    ]);
  });

  it("goes out on the connection of the one before", async () => {
    const { http, server } = await against((socket) => socket.write(answer(200, JSON_TYPE, "{}")));
    for (let call = 0; call < 5; call++) await http.getJson("models", inTime());
    expect(server.connections()).toBe(1);
  });

  it("has a connection of its own where they are not kept", async () => {
    const { http, server } = await against((socket) => socket.write(answer(200, JSON_TYPE, "{}")), { keepConnections: false });
    for (let call = 0; call < 3; call++) await http.getJson("models", inTime());
    expect(server.connections()).toBe(3);
    expect(server.requests[0]).toContain("connection: close");
  });

  it("goes to a server on a unix socket as well", async () => {
    const directory = await mkdtemp(join(tmpdir(), "replica-"));
    const socketPath = join(directory, "s");
    const server = createServer((_request, response) => response.end("{}")).listen(socketPath);
    await once(server, "listening");
    const address = { kind: "unix", socketPath } as const;
    const http = new ReplicaHttp({ address, credentials: bearer(undefined), readError, keepConnections: false });
    closeLater(() => rm(directory, { recursive: true }));
    closeLater(async () => void server.close());
    closeLater(() => http.close());
    expect(await http.getJson("slots", inTime())).toEqual({});
    expect(await http.getJson("slots", inTime())).toEqual({});
  });

  it("is not sent when its signal has aborted", async () => {
    const { http, server } = await against((socket) => socket.write(answer(200, JSON_TYPE, "{}")));
    await expect(http.getJson("models", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(server.connections()).toBe(0);
  });

  it("is cut at once when its signal aborts before the answer begins", async () => {
    const { http, server } = await against(() => undefined);
    const abort = new AbortController();
    const call = eventsOf(http, abort.signal);
    call.catch(() => undefined);
    await until(() => server.requests.length === 1);
    abort.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    await until(() => server.closed() === 1);
  });

  it("is cut at once when its signal aborts in the middle of the answer", async () => {
    const { http, server } = await against((socket) => socket.write(EVENT_STREAM_HEAD + httpChunk("data: 1\n\n")));
    const abort = new AbortController();
    const call = eventsOf(http, abort.signal);
    call.catch(() => undefined);
    await until(() => server.requests.length === 1);
    abort.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    await until(() => server.closed() === 1);
  });

  it("is cut when its reader leaves", async () => {
    const { http, server } = await against((socket) => socket.write(EVENT_STREAM_HEAD + httpChunk("data: 1\n\n")));
    for await (const _ of http.postForEvents("chat", { body: {}, signal: inTime() })) break;
    await until(() => server.closed() === 1);
  });

  it("waits no longer for a connection than it may", async () => {
    // RFC 5737: packets to it go nowhere.
    const http = new ReplicaHttp({
      address: { kind: "url", url: "http://192.0.2.1:9/v1" },
      credentials: bearer(undefined),
      readError,
      keepConnections: true,
      connectTimeoutMs: 100,
    });
    closeLater(() => http.close());
    expect((await failureOf(http.getJson("models", inTime()))).kind).toBe("unreachable");
  });
});

describe("a kept connection", () => {
  it("that was closed in the very moment of the next call is replaced, and the call sent again", async () => {
    let calls = 0;
    const { http, server } = await against((socket) => {
      calls++;
      if (calls === 2) socket.destroy();
      else socket.write(answer(200, JSON_TYPE, "{}"));
    });
    await http.getJson("models", inTime());
    expect(await http.getJson("models", inTime())).toEqual({});
    expect(server.connections()).toBe(2);
  });

  it("is kept when the end of a stream comes a moment after its last event", async () => {
    const { http, server } = await against((socket) => {
      socket.write(EVENT_STREAM_HEAD + httpChunk("data: 1\n\ndata: [DONE]\n\n"));
      setImmediate(() => socket.write(LAST_HTTP_CHUNK));
    });
    for (let call = 0; call < 5; call++) {
      for await (const batch of http.postForEvents("chat", { body: {}, signal: inTime() })) if (batch.includes("[DONE]")) break;
    }
    expect(server.connections()).toBe(1);
  });

  it("is given up when the end of a stream does not come", async () => {
    const { http, server } = await against((socket) => socket.write(EVENT_STREAM_HEAD + httpChunk("data: [DONE]\n\n")));
    for await (const _ of http.postForEvents("chat", { body: {}, signal: inTime() })) break;
    await until(() => server.closed() === 1);
  });
});

describe("a first call on a connection", () => {
  it("is sent once, however it fails", async () => {
    const { http, server } = await against((socket) => socket.destroy());
    expect((await failureOf(eventsOf(http))).kind).toBe("interrupted");
    expect(server.requests).toHaveLength(1);
  });
});

const BYTES_OF_EMOJI = 'data: {"t":"né😀"}\r\n\r\ndata: [DONE]\r\n\r\n';

describe("a stream of events", () => {
  it.each<[string, RawScript]>([
    ["with its length told", (socket) => socket.write(answer(200, SSE, BYTES_OF_EMOJI))],
    [
      "with a type in capitals and a character set",
      (socket) => socket.write(answer(200, { "content-type": "Text/Event-Stream; charset=UTF-8" }, BYTES_OF_EMOJI)),
    ],
    ["in chunks", (socket) => socket.write(EVENT_STREAM_HEAD + httpChunk(BYTES_OF_EMOJI) + LAST_HTTP_CHUNK)],
    ["until the connection closes", (socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${BYTES_OF_EMOJI}`)],
    [
      "byte by byte",
      async (socket) => {
        socket.write(EVENT_STREAM_HEAD);
        for (const byte of Buffer.from(BYTES_OF_EMOJI)) {
          socket.write(httpChunk(Buffer.from([byte])));
          await delay(0);
        }
        socket.write(LAST_HTTP_CHUNK);
      },
    ],
    ["behind early hints", (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${wholeStream(BYTES_OF_EMOJI)}`, "latin1")],
    [
      "in gzip that nobody asked for",
      (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "gzip" }, gzipSync(BYTES_OF_EMOJI))),
    ],
    ["in deflate", (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "deflate" }, deflateSync(BYTES_OF_EMOJI)))],
    ["in brotli", (socket) => socket.write(answer(200, { ...SSE, "content-encoding": "br" }, brotliCompressSync(BYTES_OF_EMOJI)))],
  ])("is read %s", async (_name, script) => {
    const { http } = await against(script);
    expect(await eventsOf(http)).toEqual(['{"t":"né😀"}', "[DONE]"]);
  });

  it("is passed on as it comes", async () => {
    let finish = (): void => undefined;
    const { http } = await against((socket) => {
      socket.write(EVENT_STREAM_HEAD + httpChunk("data: 1\n\n"));
      finish = () => socket.write(httpChunk("data: 2\n\n") + LAST_HTTP_CHUNK);
    });
    const events = http.postForEvents("chat", { body: {}, signal: inTime() });
    expect(await events.next()).toEqual({ done: false, value: ["1"] });
    finish();
    expect(await events.next()).toEqual({ done: false, value: ["2"] });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("waits for a slow reader", async () => {
    let written = 0;
    let hasStalled = false;
    const { http } = await against((socket) => {
      socket.write(EVENT_STREAM_HEAD);
      const more = (): void => {
        while (!socket.destroyed && written < 64 * 1024 * 1024) {
          written += 10_000;
          if (!socket.write(httpChunk(`data: ${"x".repeat(9_990)}\n\n`))) {
            const stall = setTimeout(() => {
              hasStalled = true;
            }, 300);
            socket.once("drain", () => {
              clearTimeout(stall);
              more();
            });
            return;
          }
        }
      };
      more();
    });
    const events = http.postForEvents("chat", { body: {}, signal: inTime() });
    await events.next();
    await until(() => hasStalled);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    await events.return();
  });

  it("ends without half an event that its server does not finish", async () => {
    const { http } = await against((socket) => socket.write(answer(200, SSE, 'data: 1\n\ndata: {"half"')));
    expect(await eventsOf(http)).toEqual(["1"]);
  });

  it("is one event where the server answers with JSON", async () => {
    const { http } = await against((socket) => socket.write(answer(200, JSON_TYPE, '{"error":{}}')));
    expect(await eventsOf(http)).toEqual(['{"error":{}}']);
  });
});
