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
const DOCUMENT = {
  openapi: "3.1.0",
  paths: {
    "/v1/texts/{model}": {
      get: {
        responses: {
          200: {
            content: {
              "application/json": { schema: { $ref: "#/components/schemas/Text" } },
              "text/event-stream": { schema: { $ref: "#/components/schemas/Text" } },
            },
          },
          default: { content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
        },
      },
    },
  },
  components: { schemas: { Text: strict("text", "string"), Error: strict("error", "object") } },
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

const read = async (path = "/v1/texts/a/b") => (await checked.fetch(new URL(path, origin))).text();
const stream = (body: string) => ({ headers: { "content-type": "text/event-stream; charset=utf-8" }, body });

describe("the checking fetch", () => {
  it.each([
    ["an answer", { body: ANSWER }],
    ["an error", { status: 404, body: ERROR }],
    ["a stream", stream(`: ka\n\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
    ["a stream that fails", stream(`data: ${ANSWER}\n\ndata: ${ERROR}\n\n`)],
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
    ["a stream without an end", stream(`data: ${ANSWER}\n\n`)],
    ["a stream with half a frame at its end", stream(`data: [DONE]\n\ndata: ${ANSWER}`)],
    ["a stream that goes on after its end", stream(`data: [DONE]\n\ndata: ${ANSWER}\n\n`)],
    ["a stream that goes on after an error", stream(`data: ${ERROR}\n\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
    ["a frame that is not described", stream('data: {"text":1}\n\ndata: [DONE]\n\n')],
    ["a frame with an event name", stream(`event: x\ndata: ${ANSWER}\n\ndata: [DONE]\n\n`)],
  ])("refuses %s", async (_, next) => {
    answer = next;
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
