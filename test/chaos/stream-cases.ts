import { setTimeout as delay } from "node:timers/promises";
import { deflateSync, gzipSync } from "node:zlib";
import {
  beginStream,
  chunk,
  DONE,
  FINISH,
  FIRST_TEXT,
  head,
  jsonAnswer,
  ROLE,
  STREAM_TYPE,
  sse,
  streamAnswer,
  TEXT,
  USAGE,
  usageChunk,
  WHOLE_COMPLETION,
  WHOLE_STREAM,
} from "./answers.ts";
import { afterContent, answered, type CaseSection, interrupted, limited, overloaded, silent, unreadable } from "./chaos-case.ts";
import type { Answer } from "./chaos-server.ts";

const IMPATIENT = { first_token: "1500ms" };
const IMPATIENT_BETWEEN = { between_tokens: "1500ms" };
const ERROR = sse({ error: { message: "CUDA out of memory", type: "server_error", code: null } });
const ERROR_EVENT = `event: error\n${ERROR}`;
const WEATHER = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

const streams =
  (text: string, then: "ends" | "resets" | "says nothing more"): Answer =>
  async ({ wire }) => {
    await beginStream(wire);
    await wire.send(text);
    // A reset overtakes what has not been read yet.
    if (then === "resets") await delay(100);
    if (then === "ends") wire.end();
    if (then === "resets") wire.reset();
  };

/** Pieces that arrive one by one. */
const inPieces =
  (bytes: Buffer, size: number): Answer =>
  async ({ wire }) => {
    await beginStream(wire);
    for (let at = 0; at < bytes.length; at += size) {
      await wire.send(bytes.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    wire.end();
  };

const repeats =
  (before: string, text: string, everyMs: number): Answer =>
  async ({ wire }) => {
    await beginStream(wire);
    await wire.send(before);
    while (wire.isOpen) {
      await wire.send(text);
      await delay(everyMs);
    }
  };

const packed =
  (encoding: string, bytes: Buffer): Answer =>
  async ({ wire }) => {
    await wire.send(head(200, { ...STREAM_TYPE, "content-encoding": encoding, "content-length": String(bytes.length) }));
    await wire.send(bytes);
  };

/** Up to 100 MB, as long as somebody reads. */
const endlessLine =
  (before: string): Answer =>
  async ({ wire }) => {
    await beginStream(wire);
    await wire.send(`${before}data: {"id":"`);
    const part = Buffer.alloc(1_000_000, "x");
    for (let sent = 0; wire.isOpen && sent < 100; sent++) await wire.send(part);
  };

export const BEFORE_CONTENT: CaseSection = {
  title: "Streams that fail before their first content",
  cases: [
    { name: "role-ends", does: "sends the role, and ends", answer: streams(ROLE, "ends"), gets: interrupted() },
    { name: "role-resets", does: "sends the role, and resets the connection", answer: streams(ROLE, "resets"), gets: interrupted() },
    { name: "role-done", does: "sends the role and `[DONE]`", answer: streams(ROLE + DONE, "ends"), gets: interrupted() },
    {
      name: "role-silent",
      does: "sends the role, and falls silent",
      ...{ answer: streams(ROLE, "says nothing more"), timeouts: IMPATIENT, gets: silent() },
    },
    {
      name: "comments",
      does: "sends nothing but comments, for ever",
      ...{ answer: repeats("", ": keep-alive\n\n", 50), timeouts: IMPATIENT, gets: silent() },
    },
    {
      name: "roles",
      does: "sends nothing but roles, for ever",
      ...{ answer: repeats("", ROLE, 50), timeouts: IMPATIENT, gets: silent() },
    },
    { name: "error-first", does: "sends an error as its first event", answer: streams(ERROR, "ends"), gets: interrupted() },
    { name: "error-event", does: "sends `event: error` as its first event", answer: streams(ERROR_EVENT, "ends"), gets: interrupted() },
    { name: "error-role", does: "sends the role, and then an error", answer: streams(ROLE + ERROR, "ends"), gets: interrupted() },
    {
      name: "error-limit",
      does: "sends a rate limit as its first event, behind status 200",
      answer: streams(sse({ error: { message: "Slow down.", type: "rate_limit_error", code: "rate_limit_exceeded" } }), "ends"),
      ...{ restsMs: 1_000, gets: limited({ retryAfter: /^1$/ }) },
    },
    {
      name: "error-overload",
      does: "sends an overload as its first event, behind status 200",
      answer: streams(`event: error\n${sse({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })}`, "ends"),
      gets: overloaded({ retryAfter: /^1$/ }),
    },
    {
      name: "half-event",
      does: "closes in the middle of its first event",
      answer: streams(ROLE + FIRST_TEXT.slice(0, 40), "ends"),
      gets: interrupted(),
    },
    { name: "bad-json", does: "sends an event that is no JSON", answer: streams('data: {"id": oops\n\n', "ends"), gets: unreadable() },
    {
      name: "wrong-choice",
      does: "sends a choice that was not asked for",
      answer: streams(chunk({ content: "x" }, { index: 3 }), "ends"),
      gets: unreadable(),
    },
    { name: "large-event", does: "sends an event of 17 MB", answer: streams(sse("x".repeat(17_000_000)), "ends"), gets: unreadable() },
    { name: "endless-line", does: "sends a line of 100 MB", answer: endlessLine(ROLE), gets: unreadable() },
    { name: "bad-gzip", does: "claims gzip for what is none", answer: packed("gzip", Buffer.from(WHOLE_STREAM)), gets: unreadable() },
    {
      name: "odd-encoding",
      does: "compresses in a way that nobody knows",
      answer: packed("zpaq", Buffer.from(WHOLE_STREAM)),
      gets: unreadable(),
    },
  ],
};

export const AFTER_CONTENT: CaseSection = {
  title: "Streams that fail after their first content",
  cases: [
    { name: "content-ends", does: "ends without a finish reason", answer: streams(ROLE + TEXT, "ends"), gets: afterContent(interrupted()) },
    {
      name: "content-done",
      does: "sends `[DONE]` without a finish reason",
      answer: streams(ROLE + TEXT + DONE, "ends"),
      gets: afterContent(interrupted()),
    },
    { name: "content-resets", does: "resets the connection", answer: streams(ROLE + TEXT, "resets"), gets: afterContent(interrupted()) },
    {
      name: "content-silent",
      does: "falls silent",
      ...{ answer: streams(ROLE + TEXT, "says nothing more"), timeouts: IMPATIENT_BETWEEN, gets: afterContent(silent()) },
    },
    {
      name: "content-comments",
      does: "sends nothing but comments from then on",
      ...{ answer: repeats(ROLE + TEXT, ": keep-alive\n\n", 50), timeouts: IMPATIENT_BETWEEN, gets: afterContent(silent()) },
    },
    {
      name: "content-drips",
      does: "goes on at five bytes a second",
      answer: async ({ wire }) => {
        await beginStream(wire);
        await wire.send(ROLE + TEXT);
        for (let at = 0; wire.isOpen && at < TEXT.length; at++) {
          await delay(200);
          await wire.send(TEXT.charAt(at));
        }
      },
      ...{ timeouts: IMPATIENT_BETWEEN, gets: afterContent(silent()) },
    },
    {
      name: "content-endless",
      does: "never ends, and is past its total time",
      ...{ answer: repeats(ROLE, FIRST_TEXT, 50), timeouts: { total: "1500ms" }, gets: afterContent(silent()) },
    },
    { name: "content-error", does: "sends an error", answer: streams(ROLE + TEXT + ERROR, "ends"), gets: afterContent(interrupted()) },
    {
      name: "content-error-event",
      does: "sends `event: error`",
      answer: streams(ROLE + TEXT + ERROR_EVENT, "ends"),
      gets: afterContent(interrupted()),
    },
    {
      name: "content-error-done",
      does: "sends an error, a finish reason and `[DONE]`",
      answer: streams(ROLE + TEXT + ERROR + FINISH + DONE, "ends"),
      gets: afterContent(interrupted()),
    },
    {
      name: "content-error-finish",
      does: "finishes with the reason `error`",
      answer: streams(ROLE + TEXT + chunk({}, { finish_reason: "error" }) + DONE, "ends"),
      gets: afterContent(interrupted()),
    },
    {
      name: "content-half",
      does: "closes in the middle of an event",
      answer: streams(ROLE + TEXT + FINISH.slice(0, 50), "ends"),
      gets: afterContent(interrupted()),
    },
    {
      name: "content-bad-json",
      does: "sends an event that is no JSON",
      answer: streams(`${ROLE}${TEXT}data: nonsense\n\n`, "ends"),
      gets: afterContent(unreadable()),
    },
    {
      name: "content-wrong-choice",
      does: "sends a choice that was not asked for",
      answer: streams(ROLE + TEXT + chunk({ content: "x" }, { index: 1 }), "ends"),
      gets: afterContent(unreadable()),
    },
    { name: "content-endless-line", does: "sends a line of 100 MB", answer: endlessLine(ROLE + TEXT), gets: afterContent(unreadable()) },
    {
      name: "content-half-gzip",
      does: "cuts its gzip short",
      answer: async ({ wire }) => {
        const bytes = gzipSync(ROLE + TEXT + chunk({ content: "x".repeat(5_000) }));
        await wire.send(head(200, { ...STREAM_TYPE, "content-encoding": "gzip" }));
        await wire.send(bytes.subarray(0, -12));
        wire.end();
      },
      gets: afterContent(interrupted()),
    },
  ],
};

export const ODD_BUT_WHOLE: CaseSection = {
  title: "Answers that are odd, and whole",
  cases: [
    { name: "no-done", does: "leaves out `[DONE]`", answer: streamAnswer(ROLE + TEXT + FINISH + USAGE), gets: answered() },
    {
      name: "no-usage",
      does: "leaves out usage",
      answer: streamAnswer(ROLE + TEXT + FINISH + DONE),
      gets: answered({ note: "tokens are estimated in the ledger" }),
    },
    {
      name: "no-end",
      does: "closes after the finish reason",
      answer: streamAnswer(ROLE + TEXT + FINISH),
      gets: answered({ note: "tokens are estimated in the ledger" }),
    },
    {
      name: "stays-open",
      does: "keeps the connection after `[DONE]`",
      answer: streams(WHOLE_STREAM, "says nothing more"),
      gets: answered(),
    },
    { name: "two-finishes", does: "finishes twice", answer: streamAnswer(ROLE + TEXT + FINISH + FINISH + USAGE + DONE), gets: answered() },
    {
      name: "goes-on",
      does: "goes on after its finish reason",
      answer: streamAnswer(ROLE + TEXT + FINISH + chunk({ content: " and more" }) + USAGE + DONE),
      gets: answered({ note: "what came after the finish reason is left out" }),
    },
    {
      name: "after-done",
      does: "goes on after `[DONE]`",
      answer: streamAnswer(`${WHOLE_STREAM}data: garbage\n\n{{{ \0\r\n`),
      gets: answered(),
    },
    {
      name: "whole-json",
      does: "answers with JSON where a stream was asked for",
      answer: jsonAnswer(200, WHOLE_COMPLETION),
      gets: answered(),
    },
    { name: "gzip", does: "compresses with gzip, unasked", answer: packed("gzip", gzipSync(WHOLE_STREAM)), gets: answered() },
    { name: "deflate", does: "compresses with deflate, unasked", answer: packed("deflate", deflateSync(WHOLE_STREAM)), gets: answered() },
    { name: "crlf", does: "ends lines with CR LF", answer: streamAnswer(WHOLE_STREAM.replaceAll("\n", "\r\n")), gets: answered() },
    { name: "cr", does: "ends lines with CR", answer: streamAnswer(WHOLE_STREAM.replaceAll("\n", "\r")), gets: answered() },
    { name: "bytes", does: "sends one byte at a time", answer: inPieces(Buffer.from(WHOLE_STREAM), 1), gets: answered() },
    {
      name: "utf8",
      does: "cuts characters in two",
      answer: inPieces(
        Buffer.from(ROLE + chunk({ content: "Gl\u{fc}hw\u{fc}rmchen \u{1f525}\u{65e5}\u{672c}" }) + FINISH + USAGE + DONE),
        1,
      ),
      gets: answered({ text: "Gl\u{fc}hw\u{fc}rmchen \u{1f525}\u{65e5}\u{672c}" }),
    },
    {
      name: "comments-between",
      does: "sends comments, empty data, unknown fields and a byte order mark",
      answer: streamAnswer(`\u{feff}: hello\n\n${ROLE}: x\n\ndata:\n\nid: 7\nretry: 100\n${TEXT}data: \n\n${FINISH}${USAGE}${DONE}`),
      gets: answered(),
    },
    {
      name: "large-piece",
      does: "says a megabyte in one event",
      answer: streamAnswer(ROLE + chunk({ content: "x".repeat(1_000_000) }) + FINISH + USAGE + DONE),
      gets: answered({ text: "x".repeat(1_000_000) }),
    },
    { name: "no-role", does: "leaves out the role", answer: streamAnswer(TEXT + FINISH + USAGE + DONE), gets: answered() },
    {
      name: "unknown-finish",
      does: "finishes for a reason that nobody knows",
      answer: streamAnswer(ROLE + TEXT + chunk({}, { finish_reason: "because" }) + USAGE + DONE),
      gets: answered({ note: "`stop`" }),
    },
    {
      name: "negative-usage",
      does: "tells negative counts of tokens",
      answer: streamAnswer(ROLE + TEXT + FINISH + usageChunk({ prompt_tokens: -5, completion_tokens: -2, total_tokens: -7 }) + DONE),
      gets: answered({ note: "counts that cannot be are taken for unknown" }),
    },
    {
      name: "huge-usage",
      does: "tells 1e300 tokens",
      answer: streamAnswer(
        `${ROLE}${TEXT}${FINISH}data: {"choices":[],"usage":{"prompt_tokens":1e300,"completion_tokens":1e300}}\n\n${DONE}`,
      ),
      gets: answered({ note: "counts that cannot be are taken for unknown" }),
    },
    {
      name: "words-for-usage",
      does: "tells words for counts of tokens",
      answer: streamAnswer(ROLE + TEXT + FINISH + usageChunk({ prompt_tokens: "five", completion_tokens: {}, total_tokens: 1.5 }) + DONE),
      gets: answered({ note: "counts that cannot be are taken for unknown" }),
    },
    {
      name: "nan-usage",
      does: "tells NaN tokens, which is no JSON",
      answer: streamAnswer(`${ROLE}${TEXT}${FINISH}data: {"choices":[],"usage":{"prompt_tokens":NaN}}\n\n${DONE}`),
      gets: answered({ note: "what cannot be read behind the finish reason is passed over" }),
    },
    {
      name: "mixed-calls",
      does: "mixes the pieces of two tool calls",
      asks: { tools: [WEATHER] },
      answer: streamAnswer(
        [
          ROLE,
          call(1, { id: "b", function: { name: "weather", arguments: '{"ci' } }),
          call(0, { id: "a", function: { name: "weather", arguments: '{"city":' } }),
          call(1, { function: { arguments: 'ty":"Oslo"}' } }),
          call(0, { function: { arguments: '"Rome"}' } }),
          chunk({}, { finish_reason: "tool_calls" }) + USAGE + DONE,
        ].join(""),
      ),
      gets: answered({ text: "", toolArguments: ['{"city":"Oslo"}', '{"city":"Rome"}'], note: "one call after the other" }),
    },
  ],
};

function call(index: number, fields: object): string {
  return chunk({ tool_calls: [{ index, type: "function", ...fields }] });
}
