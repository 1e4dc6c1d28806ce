import { Anthropic, APIError, AuthenticationError, BadRequestError, NotFoundError } from "@anthropic-ai/sdk";
import { ApiError } from "@bonfire/protocol/errors";
import { type MessageStreamEvent, message, messageStreamEvent, messagesError } from "@bonfire/protocol/message-events";
import { afterEach, describe, expect, it } from "vitest";
import { bearer } from "../egress/bearer.ts";
import type { ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../engine/generation.ts";
import { startFakeReplica } from "../engine/testing/fake-replica.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { createHttpServer } from "../http/http-server.ts";
import { UNOBSERVED } from "../http/testing/unobserved.ts";
import { serveClient } from "../serving/testing/serve-client.ts";
import { countMessageTokens, messages } from "./messages.ts";

interface Api {
  readonly url: string;
  readonly sdk: Anthropic;
  readonly call: (body: object | string, init?: { path?: string; headers?: Record<string, string> }) => Promise<Response>;
  readonly shutdown: AbortController;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
});

/** The real edge in front of a model's client; the key is "good". */
async function serve(client: ModelClient): Promise<Api> {
  const serving = serveClient(() => client, { aliases: ["alias"] });
  const shutdown = new AbortController();
  const app = createHttpServer({
    endpoints: [messages(serving), countMessageTokens(serving)],
    authenticate: (secret) => {
      if (secret !== "good") throw new ApiError("invalid_api_key", "Incorrect API key provided.");
      return { keyId: "key_1", keyName: "test", accountId: "a", projectId: "p", role: "inference" };
    },
    ...UNOBSERVED,
    bodyLimitBytes: 10_000,
    keepAliveMs: 15_000,
    shutdown: shutdown.signal,
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  open.push(async () => {
    await app.close();
    await client.close();
  });
  const sdk = new Anthropic({ baseURL: url, apiKey: "good", maxRetries: 0 });
  const call: Api["call"] = (body, { path = "/v1/messages", headers = { "x-api-key": "good" } } = {}) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { url, sdk, call, shutdown };
}

/** A model that repeats the words of its prompt. */
async function serveFake(): Promise<Api> {
  const fake = await startFakeReplica({ model: "m", contextLength: 1_000 });
  open.push(() => fake.close());
  return serve(openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "m", credentials: bearer(undefined) }));
}

/** A model that says this, and remembers what it was asked. */
function says(events: readonly GenerateEvent[], failure?: Error): ModelClient & { readonly asked: (GenerateRequest | TokenizeRequest)[] } {
  const asked: (GenerateRequest | TokenizeRequest)[] = [];
  return {
    asked,
    generate: async function* (request) {
      asked.push(request);
      yield* events;
      if (failure !== undefined) throw failure;
    },
    tokenize: async (request) => {
      asked.push(request);
      return [1, 2, 3];
    },
    health: async () => ({ state: "ready" }),
    close: async () => undefined,
  };
}

const CALLS: readonly GenerateEvent[] = [
  { type: "start", upstreamId: undefined, promptTokens: 20, ignored: ["user"] },
  { type: "reasoning-delta", choice: 0, text: "hm" },
  { type: "text-delta", choice: 0, text: "Let me see." },
  { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "weather" },
  { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"city": ' },
  { type: "tool-call-delta", choice: 0, call: 0, arguments: '"Bern"}' },
  { type: "choice-end", choice: 0, reason: "tool_calls" },
  { type: "end", usage: { promptTokens: 20, completionTokens: 9, cachedTokens: 8, reasoningTokens: 1 } },
];
const ANSWER: readonly GenerateEvent[] = [
  { type: "text-delta", choice: 0, text: "Sunny." },
  { type: "choice-end", choice: 0, reason: "stop", stopSequence: "END" },
  { type: "end", usage: { promptTokens: 30, completionTokens: 2, cachedTokens: 20 } },
];
const HALF: readonly GenerateEvent[] = [{ type: "text-delta", choice: 0, text: "half" }];

const QUESTION = { model: "alias", max_tokens: 3, messages: [{ role: "user" as const, content: "one two three four" }] };
const WEATHER = { name: "weather", input_schema: { type: "object" as const, properties: { city: { type: "string" } } } };

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("The request did not fail.");
    },
    (error: unknown) => error,
  );
}

describe("a message", () => {
  it("has content, a reason to stop, usage and the name that was asked", async () => {
    const { data, response, request_id } = await (await serveFake()).sdk.messages.create(QUESTION).withResponse();
    expect(message.parse(data)).toMatchObject({
      model: "alias",
      content: [{ type: "text", text: "one two three" }],
      stop_reason: "max_tokens",
      usage: { input_tokens: 4, output_tokens: 3 },
    });
    expect(response.headers.get("x-bonfire-model")).toBe("m");
    expect(request_id).toBe(response.headers.get("x-request-id"));
    expect(data.id).toBe(request_id?.replace("req_", "msg_"));
  });

  it("is streamed the same", async () => {
    const { sdk } = await serveFake();
    const { id: _, ...whole } = await sdk.messages.create(QUESTION);
    const stream = sdk.messages.stream(QUESTION);
    const { id: __, ...streamed } = await stream.finalMessage();
    expect(streamed).toMatchObject(whole);
    expect(stream.request_id).toMatch(/^req_/);
  });

  it("is streamed in events that are named and keep to the schema", async () => {
    const text = await (await (await serve(says(CALLS))).call({ ...QUESTION, stream: true })).text();
    const frames = text.trim().split("\n\n");
    const events = frames.map((frame): MessageStreamEvent => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
      const parsed = messageStreamEvent.parse(JSON.parse(data ?? ""));
      expect(parsed.type).toBe(event);
      return parsed;
    });
    expect(events[0]).toMatchObject({ type: "message_start", message: { usage: { input_tokens: 20 } } });
    expect(events.at(-1)).toEqual({ type: "message_stop" });
  });

  it("asks for a tool, and takes its result", async () => {
    const asking = says(CALLS);
    const { sdk } = await serve(asking);
    const request = { ...QUESTION, max_tokens: 2_000, tools: [WEATHER], thinking: { type: "enabled" as const, budget_tokens: 1_024 } };
    const first = await sdk.messages.create(request);
    expect(first).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "hm", signature: "" },
        { type: "text", text: "Let me see." },
        { type: "tool_use", id: "call_1", name: "weather", input: { city: "Bern" } },
      ],
      usage: { input_tokens: 12, cache_read_input_tokens: 8, output_tokens: 9, output_tokens_details: { thinking_tokens: 1 } },
    });
    expect(await sdk.messages.stream(request).finalMessage()).toMatchObject({ content: first.content, usage: first.usage });

    const answering = says(ANSWER);
    const second = await (await serve(answering)).sdk.messages.create({
      ...request,
      stop_sequences: ["END"],
      messages: [
        ...QUESTION.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "sun" }] },
      ],
    });
    expect(second).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END", content: [{ text: "Sunny." }] });
    expect(answering.asked[0]?.prompt).toMatchObject({
      messages: [
        { role: "user" },
        { role: "assistant", reasoning: "hm", toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Bern"}' }] },
        { role: "tool", toolCallId: "call_1", content: "sun" },
      ],
    });
  });

  it("lists the fields that had no effect", async () => {
    const { response } = await (await serve(says(CALLS))).sdk.messages.create({ ...QUESTION, speed: "standard" }).withResponse();
    expect(response.headers.get("x-bonfire-ignored")).toBe("speed, user");
  });

  it("is given to the beta client as well, whose path has a query", async () => {
    const { sdk } = await serve(says(ANSWER));
    expect(await sdk.beta.messages.create({ ...QUESTION, betas: ["some-beta-2030-01-01"] })).toMatchObject({
      content: [{ text: "Sunny." }],
    });
  });
});

describe("a token count", () => {
  it("counts what the model would read", async () => {
    const client = says([]);
    const { max_tokens: _, ...prompt } = QUESTION;
    const { sdk } = await serve(client);
    expect(await sdk.messages.countTokens({ ...prompt, system: "s", tools: [WEATHER] })).toEqual({ input_tokens: 3 });
    expect(client.asked).toMatchObject([
      { prompt: { messages: [{ role: "system" }, { role: "user" }] }, tools: { definitions: [{ name: "weather" }] } },
    ]);
  });
});

describe("a failure", () => {
  it.each([
    ["a wrong key", { "x-api-key": "bad" }, 401, "authentication_error", "invalid_api_key"],
    ["no key", {}, 401, "authentication_error", "invalid_api_key"],
  ])("of %s has Anthropic's body", async (_, headers, status, type, error_code) => {
    const { call } = await serve(says([]));
    for (const path of ["/v1/messages", "/v1/messages/count_tokens"]) {
      const response = await call(QUESTION, { path, headers });
      expect(response.status).toBe(status);
      expect(messagesError.parse(await response.json())).toMatchObject({
        error: { type, details: { error_code } },
        request_id: response.headers.get("x-request-id"),
      });
    }
  });

  it.each([
    ["no JSON", "{", 400, "invalid_request_error", "invalid_json"],
    ["an unknown field", { ...QUESTION, colour: 1 }, 400, "invalid_request_error", "unknown_parameter"],
    ["an unknown model", { ...QUESTION, model: "nobody" }, 404, "not_found_error", "model_not_found"],
    ["a body that is too large", { ...QUESTION, system: "x".repeat(20_000) }, 413, "request_too_large", "request_too_large"],
  ])("of %s has Anthropic's body", async (_, body, status, type, error_code) => {
    const response = await (await serve(says([]))).call(body);
    expect(response.status).toBe(status);
    expect(messagesError.parse(await response.json()).error).toMatchObject({ type, details: { error_code } });
  });

  it("is raised by Anthropic's SDK as what it is", async () => {
    const { sdk, url } = await serve(says([]));
    const stranger = new Anthropic({ baseURL: url, apiKey: "bad", maxRetries: 0 });
    expect(await failureOf(stranger.messages.create(QUESTION))).toBeInstanceOf(AuthenticationError);
    expect(await failureOf(sdk.messages.create({ ...QUESTION, model: "nobody" }))).toBeInstanceOf(NotFoundError);
    const error = await failureOf(sdk.messages.create({ ...QUESTION, max_tokens: 0 }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ type: "invalid_request_error", errorCode: "invalid_value", details: { param: "max_tokens" } });
  });

  it("before the first content has a status of its own", async () => {
    const client = says([{ type: "start", upstreamId: undefined }], new EngineError("overloaded", "full"));
    const response = await (await serve(client)).call({ ...QUESTION, stream: true });
    expect(response.status).toBe(503);
    expect(messagesError.parse(await response.json()).error.type).toBe("overloaded_error");
  });

  it("in the middle is the event `error`, after which nothing comes", async () => {
    const api = await serve(says(HALF, new EngineError("interrupted", "gone")));
    const text = await (await api.call({ ...QUESTION, stream: true })).text();
    const last = text.trim().split("\n\n").at(-1) ?? "";
    expect(last).toMatch(/^event: error\ndata: /);
    expect(messagesError.parse(JSON.parse(last.slice(last.indexOf("{")))).error).toMatchObject({ type: "api_error" });
    expect(text).not.toContain("message_stop");

    const error = await failureOf(api.sdk.messages.stream(QUESTION).finalMessage());
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ type: "api_error", errorCode: "upstream_error" });
  });

  it("that nobody foresaw tells nothing of itself", async () => {
    const text = await (await (await serve(says(HALF, new TypeError("secret")))).call({ ...QUESTION, stream: true })).text();
    expect(text).toContain('"error_code":"internal_error"');
    expect(text).not.toContain("secret");
  });

  it("of a platform that stops is told in the stream", async () => {
    const waiting: ModelClient = {
      ...says([]),
      generate: async function* (_, signal) {
        yield* HALF;
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    };
    const { call, shutdown } = await serve(waiting);
    const text = (await call({ ...QUESTION, stream: true })).text();
    shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
    expect(await text).toContain('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"');
  });
});
