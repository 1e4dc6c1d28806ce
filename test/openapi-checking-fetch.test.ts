import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckedFetch, openApiCheckingFetch } from "./openapi-checking-fetch.ts";

const ANSWER = '{"text":"hi"}';
const ERROR = '{"error":{"message":"m"}}';

/** What the server answers with next. */
let answer: { status?: number; headers?: Record<string, string>; body?: string };
let origin: string;
let checked: CheckedFetch;

const strict = (name: string, type: string) => ({
  type: "object",
  properties: { [name]: { type } },
  required: [name],
  additionalProperties: false,
});
const json = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
const stream = (name: string) => ({ "text/event-stream": { schema: { $ref: `#/components/schemas/${name}` } } });
const operation = (success: object, failure: string) => ({
  responses: { 200: { content: success }, default: { content: json(failure) } },
});
const DOCUMENT = {
  openapi: "3.1.0",
  paths: {
    "/v1/models/{model}": { get: operation({ ...json("Text"), ...stream("Text") }, "Error") },
    "/v1/messages": { get: operation(stream("Event"), "OtherError") },
    "/health": { get: operation(json("Text"), "Error") },
  },
  components: {
    schemas: {
      Text: strict("text", "string"),
      Error: strict("error", "object"),
      Event: { type: "object", properties: { type: { enum: ["piece", "message_stop"] } }, required: ["type"], additionalProperties: false },
      OtherError: { type: "object", properties: { type: { const: "error" } }, required: ["type"], additionalProperties: false },
    },
  },
};

const server = createServer((request, response) => {
  if (request.url === "/openapi.json") return void response.end(JSON.stringify(DOCUMENT));
  const { status = 200, headers = {}, body = ANSWER } = answer;
  response.writeHead(status, { "content-type": "application/json", "x-request-id": `req_${"0".repeat(32)}`, ...headers });
  response.end(body);
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  checked = await openApiCheckingFetch(origin);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const read = async (path = "/v1/models/a/b") => (await checked.fetch(new URL(path, origin))).text();
const streamOf = (body: string) => ({ headers: { "content-type": "text/event-stream; charset=utf-8" }, body });
/** A frame whose event has the name of its type. */
const named = (type: string) => `event: ${type}\ndata: {"type":"${type}"}\n\n`;

describe("the checking fetch", () => {
  it.each([
    ["an answer", { body: ANSWER }],
    ["an error", { status: 404, body: ERROR }],
    ["a stream", streamOf(`: ka\n\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
    ["a stream that fails", streamOf(`data: ${ANSWER}\n\ndata: ${ERROR}\n\n`)],
  ])("passes on %s that is as described", async (_, next) => {
    answer = next;
    expect(await read()).toBe(next.body);
    expect(checked.violations).toEqual([]);
  });

  it.each([
    ["a field that is not described", { body: '{"text":"hi","more":1}' }],
    ["a field that is missing", { body: "{}" }],
    ["no JSON", { body: "hi" }],
    ["an error of another shape", { status: 500, body: '{"message":"m"}' }],
    ["a status that is not described", { status: 201 }],
    ["a media type that is not described", { headers: { "content-type": "text/html" } }],
    ["no request id", { headers: { "x-request-id": "" } }],
    ["a stream without an end", streamOf(`data: ${ANSWER}\n\n`)],
    ["a stream with half a frame at its end", streamOf(`data: [DONE]\n\ndata: ${ANSWER}`)],
    ["a stream that goes on after its end", streamOf(`data: [DONE]\n\ndata: ${ANSWER}\n\n`)],
    ["a stream that goes on after an error", streamOf(`data: ${ERROR}\n\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
    ["a frame that is not described", streamOf('data: {"text":1}\n\ndata: [DONE]\n\n')],
    ["a frame with an event name", streamOf(`event: x\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
  ])("refuses %s", async (_, next) => {
    answer = next;
    await expect(read()).rejects.toThrow();
    expect(checked.violations.splice(0)).toHaveLength(1);
  });

  it.each(["/inference/v1/models/a/b", "/together/v1/models/a/b", "/models/a/b", "/v1/v1/models/a/b"])(
    "knows that %s is the path that is described as /v1/models/{model}",
    async (path) => {
      answer = {};
      expect(await read(path)).toBe(ANSWER);
      answer = { body: "{}" };
      await expect(read(path)).rejects.toThrow();
      expect(checked.violations.splice(0)).toHaveLength(1);
    },
  );

  it.each([
    ["with an end", named("piece") + named("message_stop")],
    ["that fails", named("piece") + named("error")],
  ])("passes on a stream of named events %s", async (_, body) => {
    answer = streamOf(body);
    expect(await read("/v1/messages")).toBe(body);
    expect(checked.violations).toEqual([]);
  });

  it.each([
    ["without an end", named("piece")],
    ["with an event that is not described", named("other") + named("message_stop")],
    ["with a name that is not the event's type", `event: other\ndata: {"type":"piece"}\n\n${named("message_stop")}`],
    ["with an event that has no name", `data: {"type":"piece"}\n\n${named("message_stop")}`],
    ["with something after its end", named("message_stop") + named("piece")],
    ["with a name and no data", `event: ping\n\n${named("message_stop")}`],
  ])("refuses a stream of named events %s", async (_, body) => {
    answer = streamOf(body);
    await expect(read("/v1/messages")).rejects.toThrow();
    expect(checked.violations.splice(0)).toHaveLength(1);
  });

  it("takes a failure only in the shape that its own path has", async () => {
    answer = { status: 400, body: '{"type":"error"}' };
    expect(await read("/v1/messages")).toBe('{"type":"error"}');
    await expect(read()).rejects.toThrow();
    expect(checked.violations.splice(0)).toHaveLength(1);
  });

  it("refuses an answer at a path that is not described, unless it is an error", async () => {
    answer = { status: 404, body: ERROR };
    expect(await read("/elsewhere")).toBe(ERROR);
    answer = {};
    await expect(read("/elsewhere")).rejects.toThrow();
    expect(checked.violations.splice(0)).toHaveLength(1);
  });
});
