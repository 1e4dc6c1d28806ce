import { setTimeout as delay } from "node:timers/promises";
import {
  CHUNKED,
  FIRST_TEXT,
  head,
  healthyAnswer,
  httpChunk,
  jsonAnswer,
  ROLE,
  STREAM_TYPE,
  streamAnswer,
  WHOLE_STREAM,
  wholeAnswer,
} from "./answers.ts";
import { afterContent, answered, type CaseSection, interrupted, silent, unreachable, unreadable } from "./chaos-case.ts";
import type { Answer } from "./chaos-server.ts";

/** Soon enough for a test, and late enough for a machine that is busy. */
const IMPATIENT = { first_token: "1500ms" };
const HALF_A_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-str";
const DRIP_MS = 200;
/** Where redirects lead; nobody is to go there. */
export const TRAP = "trap";

const never: Answer = () => undefined;

const sends =
  (text: string, then: "ends" | "resets" | "says nothing more"): Answer =>
  async ({ wire }) => {
    await wire.send(text);
    if (then === "ends") wire.end();
    if (then === "resets") wire.reset();
  };

/** One byte at a time, for as long as somebody reads. */
const drips =
  (text: string, from: number): Answer =>
  async ({ wire }) => {
    await wire.send(text.slice(0, from));
    for (let at = from; wire.isOpen && at < text.length; at++) {
      await delay(DRIP_MS);
      await wire.send(text.charAt(at));
    }
  };

const redirects =
  (status: number): Answer =>
  async ({ wire }) => {
    await wire.send(head(status, { location: `/${TRAP}/v1/chat/completions`, "content-length": "0" }));
  };

export const CONNECTIONS: CaseSection = {
  title: "Connections",
  cases: [
    { name: "refuses", does: "refuses the connection", door: "refuses", gets: unreachable({ retryAfter: /^1$/ }) },
    { name: "closes", does: "accepts the connection and closes it at once", door: "closes", gets: interrupted() },
    {
      name: "says-nothing",
      does: "accepts the connection and reads and says nothing",
      ...{ door: "says-nothing", timeouts: IMPATIENT, gets: silent() },
    },
    { name: "resets", does: "resets the connection when it has read the request", answer: sends("", "resets"), gets: interrupted() },
    {
      name: "never-answers",
      does: "reads the request and never answers",
      ...{ answer: never, timeouts: IMPATIENT, gets: silent() },
    },
    {
      name: "early",
      does: "answers before it has read the request, and never reads it",
      isEarly: true,
      // More than the buffers of two sockets hold.
      asks: { messages: [{ role: "user", content: "x".repeat(12_000_000) }] },
      answer: async (call) => {
        call.wire.stopReading();
        await healthyAnswer(call);
      },
      gets: answered(),
    },
  ],
};

export const HEADS: CaseSection = {
  title: "Status and headers",
  cases: [
    {
      name: "half-head-silent",
      does: "falls silent in the middle of a header",
      ...{ answer: sends(HALF_A_HEAD, "says nothing more"), timeouts: IMPATIENT, gets: silent() },
    },
    { name: "half-head-closes", does: "closes in the middle of a header", answer: sends(HALF_A_HEAD, "ends"), gets: interrupted() },
    {
      name: "half-status",
      does: "closes in the middle of the status line",
      ...{ answer: sends("HTTP/1.", "ends"), gets: interrupted() },
    },
    {
      name: "drips-head",
      does: "sends its headers at five bytes a second",
      ...{ answer: drips(head(200, STREAM_TYPE), 0), timeouts: IMPATIENT, gets: silent() },
    },
    { name: "no-http", does: "speaks no HTTP", answer: sends("SSH-2.0-OpenSSH_9.6\r\n", "says nothing more"), gets: unreadable() },
    {
      name: "huge-head",
      does: "sends headers without end",
      answer: async ({ wire }) => {
        await wire.send("HTTP/1.1 200 OK\r\n");
        while (wire.isOpen) await wire.send(`x-filler: ${"x".repeat(60_000)}\r\n`);
      },
      gets: unreadable(),
    },
    {
      name: "early-hints",
      does: "sends 103 Early Hints before its answer",
      answer: async (call) => {
        await call.wire.send("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n");
        await healthyAnswer(call);
      },
      gets: answered(),
    },
    { name: "redirect-301", does: "redirects (301)", answer: redirects(301), gets: unreadable() },
    { name: "redirect-307", does: "redirects (307)", answer: redirects(307), gets: unreadable() },
    {
      name: "chunk-size",
      does: "sends a chunk whose size is no number, before any content",
      ...{ answer: sends(`${head(200, CHUNKED)}${httpChunk(ROLE).toString()}zz\r\n`, "says nothing more"), gets: unreadable() },
    },
    {
      name: "chunk-size-later",
      does: "the same in the middle of the answer",
      answer: sends(`${head(200, CHUNKED)}${httpChunk(ROLE + FIRST_TEXT).toString()}zz\r\n`, "says nothing more"),
      gets: afterContent(unreadable()),
    },
    {
      name: "length-short",
      does: "tells a `content-length` that is too short",
      answer: sends(
        head(200, { ...STREAM_TYPE, "content-length": String((ROLE + FIRST_TEXT).length) }) + WHOLE_STREAM,
        "says nothing more",
      ),
      gets: afterContent(interrupted()),
    },
    {
      name: "length-long",
      does: "tells a `content-length` that is too long, and closes after its last event",
      answer: sends(head(200, { ...STREAM_TYPE, "content-length": "9999" }) + WHOLE_STREAM, "ends"),
      gets: answered(),
    },
    {
      name: "wrong-type",
      does: "answers 200 with a page of HTML",
      answer: wholeAnswer(200, { "content-type": "text/html" }, "<html>Welcome!</html>"),
      gets: unreadable(),
    },
    {
      name: "no-type",
      does: "answers 200 without a content type",
      answer: wholeAnswer(200, {}, WHOLE_STREAM),
      gets: unreadable(),
    },
    {
      name: "not-a-completion",
      does: "answers 200 with JSON that is no completion",
      answer: jsonAnswer(200, { ok: true }),
      gets: interrupted(),
    },
    {
      name: "error-json",
      does: "answers 200 with an error as JSON",
      answer: jsonAnswer(200, { error: { message: "It failed.", type: "server_error", code: null } }),
      gets: interrupted(),
    },
    {
      name: "half-json",
      does: "answers 200 with half a JSON text",
      answer: wholeAnswer(200, { "content-type": "application/json" }, '{"id": "chatcmpl", "'),
      gets: unreadable(),
    },
    { name: "empty-stream", does: "answers 200 with an empty stream", answer: streamAnswer(""), gets: interrupted() },
  ],
};
