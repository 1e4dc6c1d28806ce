import { once } from "node:events";
import { connect } from "node:net";
import { chatCompletion } from "@bonfire/protocol/chat-completions";
import { errorBody } from "@bonfire/protocol/error-body";
import { ApiError } from "@bonfire/protocol/errors";
import { type Logger, pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { bearer } from "../egress/bearer.ts";
import { inferenceEndpoints, watchEndpoints } from "../endpoints/index.ts";
import { type FakeReplica, FakeStream, type Script, sendJson, startFakeReplica } from "../engine/testing/fake-replica.ts";
import { until } from "../engine/testing/until.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { describeError } from "../observability/logger.ts";
import { Metrics } from "../observability/metrics.ts";
import { serveClient } from "../serving/testing/serve-client.ts";
import { FrontDoor } from "./front-door.ts";
import { createHttpServer } from "./http-server.ts";
import { UNOBSERVED } from "./testing/unobserved.ts";

interface Api {
  readonly url: string;
  readonly fake: FakeReplica;
  readonly shutdown: AbortController;
  readonly door: FrontDoor;
  readonly log: Record<string, unknown>[];
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
});

/** The real edge in front of a scripted replica; the key is "good". */
async function serve({
  script,
  keepAliveMs = 15_000,
  bodyLimitBytes = 10_000,
}: {
  script?: Script;
  keepAliveMs?: number;
  bodyLimitBytes?: number;
} = {}): Promise<Api> {
  const fake = await startFakeReplica({ model: "m", contextLength: 1_000 });
  if (script !== undefined) fake.script = script;
  const client = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "m", credentials: bearer(undefined) });
  const serving = serveClient(() => client, { aliases: ["alias"] });
  const log: Record<string, unknown>[] = [];
  const shutdown = new AbortController();
  const app = createHttpServer({
    endpoints: [
      ...inferenceEndpoints(serving, 1),
      ...watchEndpoints(serving, { text: new Metrics({ version: "test" }), arePublic: false }),
    ],
    authenticate: (secret) => {
      if (secret !== "good") throw new ApiError("invalid_api_key", "Incorrect API key provided.");
      return { keyId: "key_1", keyName: "test", accountId: "a", projectId: "p", role: "inference" };
    },
    ...UNOBSERVED,
    logger: captureLog(log),
    bodyLimitBytes,
    keepAliveMs,
    shutdown: shutdown.signal,
  });
  const door = new FrontDoor();
  await door.open(app);
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  open.push(async () => {
    door.server.closeAllConnections();
    await door.close();
    await client.close();
    await fake.close();
  });
  return { url: `http://127.0.0.1:${address.port}`, fake, shutdown, door, log };
}

function captureLog(lines: Record<string, unknown>[]): Logger {
  return pino({ base: null, serializers: { err: describeError } }, { write: (line: string) => void lines.push(JSON.parse(line)) });
}

const CHAT = { model: "alias", messages: [{ role: "user", content: "one two three" }], max_tokens: 3 };

function chat(api: Api, body: object = {}, init: RequestInit = {}): Promise<Response> {
  return fetch(`${api.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer good", "content-type": "application/json" },
    body: JSON.stringify({ ...CHAT, ...body }),
    ...init,
  });
}

/** Says one word and then waits until it is told to go on. */
function pausing(): { script: Script; goOn: () => void } {
  let goOn = () => {};
  const pause = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const script: Script = async ({ path, response, hungUp }) => {
    const stream = new FakeStream(response, { path, model: "m" });
    stream.begin();
    stream.text(0, "word");
    await Promise.race([pause, new Promise((resolve) => hungUp.addEventListener("abort", resolve))]);
    if (hungUp.aborted) return;
    stream.finish(0, "stop");
    stream.done();
  };
  return { script, goOn: () => goOn() };
}

describe("an answer", () => {
  it("echoes the name that was asked and names the model behind it in a header", async () => {
    const response = await chat(await serve());
    expect(response.headers.get("x-bonfire-model")).toBe("m");
    expect(chatCompletion.parse(await response.json())).toMatchObject({
      model: "alias",
      choices: [{ message: { content: "one two three" } }],
    });
  });

  it("carries x-request-id, and its id is made of it", async () => {
    const response = await chat(await serve());
    const { id } = chatCompletion.parse(await response.json());
    expect(response.headers.get("x-request-id")).toBe(`req_${id.slice("chatcmpl-".length)}`);
  });

  it("notes the id under which the client logs it", async () => {
    const api = await serve();
    await (await fetch(`${api.url}/health`, { headers: { "x-client-request-id": "theirs-1" } })).text();
    await until(() => api.log.length > 0);
    expect(api.log[0]).toMatchObject({ client_request_id: "theirs-1" });
  });

  it("leaves one line in the log, without the prompt and the key", async () => {
    const api = await serve();
    await (await chat(api)).json();
    await until(() => api.log.length > 0);
    expect(api.log).toHaveLength(1);
    expect(api.log[0]).toMatchObject({
      method: "POST",
      path: "/v1/chat/completions",
      status: 200,
      key_id: "key_1",
      model: "m",
      prompt_tokens: 3,
      completion_tokens: 3,
      finish_reason: "length",
    });
    expect(JSON.stringify(api.log)).not.toMatch(/one two|good/);
  });
});

describe("a stream", () => {
  it("has the headers that keep proxies from holding it back", async () => {
    const response = await chat(await serve(), { stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect((await response.text()).endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("hands events on as they come", async () => {
    const { script, goOn } = pausing();
    const response = await chat(await serve({ script }), { stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("word")) text += (await reader?.read())?.value ?? "";
    expect(text).not.toContain("[DONE]");
    goOn();
    while (!text.includes("[DONE]")) text += (await reader?.read())?.value ?? "";
  });

  it("is kept alive by comments while the engine is silent", async () => {
    const script: Script = async ({ path, response }) => {
      await until(() => comments >= 2);
      const stream = new FakeStream(response, { path, model: "m" });
      stream.begin();
      stream.text(0, "late");
      stream.finish(0, "stop");
      stream.done();
    };
    let comments = 0;
    const response = await chat(await serve({ script, keepAliveMs: 20 }), { stream: true });
    expect(response.status).toBe(200);
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      comments = text.split(": ka\n\n").length - 1;
    }
    expect(text).toContain("late");
    expect(
      text
        .replaceAll(": ka\n\n", "")
        .split("\n\n")
        .every((frame) => frame === "" || frame.startsWith("data: ")),
    ).toBe(true);
  });

  it("has the status of its failure when that comes before the first content", async () => {
    const script: Script = async ({ response }) => sendJson(response, 503, { error: { message: "full", type: "server_error" } });
    const response = await chat(await serve({ script }), { stream: true });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(errorBody.parse(await response.json()).error.code).toBe("overloaded");
  });

  it("has the status of its failure also when only the role had come", async () => {
    const script: Script = async ({ path, response }) => {
      const stream = new FakeStream(response, { path, model: "m" });
      stream.begin();
      stream.role(0);
      setImmediate(() => response.destroy());
    };
    expect((await chat(await serve({ script }), { stream: true })).status).toBe(502);
  });

  it("ends with an error object and no finish reason when the engine dies in the middle", async () => {
    const api = await serve({
      script: async ({ path, response }) => {
        const stream = new FakeStream(response, { path, model: "m" });
        stream.begin();
        stream.text(0, "half");
        setImmediate(() => response.destroy());
      },
    });
    const text = await (await chat(api, { stream: true })).text();
    const last = text.trim().split("\n\n").at(-1)?.replace("data: ", "") ?? "";
    expect(errorBody.parse(JSON.parse(last)).error).toMatchObject({ type: "server_error", code: "upstream_error" });
    expect(text).not.toMatch(/"finish_reason":"|\[DONE\]/);
    await until(() => api.log.length > 0);
    expect(api.log[0]).toMatchObject({ error: "upstream_error" });
  });

  it("stops the engine when the client hangs up, and is logged as 499", async () => {
    const api = await serve({ script: pausing().script });
    const abort = new AbortController();
    const response = await chat(api, { stream: true }, { signal: abort.signal });
    expect(response.status).toBe(200);
    abort.abort();
    await until(() => api.fake.calls[0]?.hungUp.aborted === true);
    await until(() => api.log.length > 0);
    expect(api.log[0]).toMatchObject({ status: 499 });
  });

  it("stops the engine when a client that does not stream hangs up", async () => {
    const api = await serve({ script: pausing().script });
    const abort = new AbortController();
    const answer = chat(api, {}, { signal: abort.signal });
    await until(() => api.fake.busy() === 1);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await until(() => api.fake.busy() === 0);
  });

  it("does not run ahead of a client that does not read", async () => {
    let sent = 0;
    const api = await serve({
      script: async ({ path, response, hungUp }) => {
        const stream = new FakeStream(response, { path, model: "m" });
        stream.begin();
        const gone = new Promise((resolve) => hungUp.addEventListener("abort", resolve));
        for (; sent < 2_000 && !hungUp.aborted; sent++) {
          stream.text(0, "x".repeat(50_000));
          if (response.writableNeedDrain) await Promise.race([once(response, "drain"), gone]);
        }
      },
    });
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ ...CHAT, stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    socket.pause();
    await until(() => sent > 10);
    // Full buffers hold the engine: its count stands still, far from the 100 MB that it would send.
    let before = -1;
    await until(() => {
      const still = before === sent;
      before = sent;
      return still;
    });
    expect(sent).toBeLessThan(1_000);
    socket.destroy();
    await until(() => api.fake.busy() === 0);
  });

  it("is cut with an error object when the platform stops waiting", async () => {
    const api = await serve({ script: pausing().script });
    const response = await chat(api, { stream: true });
    const text = response.text();
    api.shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
    expect(await text).toContain('"code":"shutting_down"');
  });
});

describe("closing the door", () => {
  it("lets running streams end and takes no new connections", async () => {
    const { script, goOn } = pausing();
    const api = await serve({ script });
    const response = await chat(api, { stream: true });
    const closed = api.door.close();
    await expect(fetch(`${api.url}/health`)).rejects.toThrow();
    goOn();
    expect((await response.text()).endsWith("data: [DONE]\n\n")).toBe(true);
    await closed;
  });
});

describe("a refused request", () => {
  it.each([
    ["no key", {}, 401, "invalid_api_key"],
    ["a wrong key", { authorization: "Bearer bad" }, 401, "invalid_api_key"],
    ["another scheme", { authorization: "Basic good" }, 401, "invalid_api_key"],
  ])("%s", async (_, headers, status, code) => {
    const api = await serve();
    const response = await chat(api, {}, { headers });
    expect(response.status).toBe(status);
    expect(errorBody.parse(await response.json()).error.code).toBe(code);
    expect(api.fake.calls).toHaveLength(0);
  });

  it("is told before its body is read", async () => {
    const response = await chat(await serve(), {}, { headers: {}, body: "x".repeat(5_000) });
    expect(response.status).toBe(401);
  });

  it("takes x-api-key as well", async () => {
    expect((await chat(await serve(), {}, { headers: { "x-api-key": "good" } })).status).toBe(200);
  });

  it("is 413 above the body limit, which it names", async () => {
    const response = await chat(await serve({ bodyLimitBytes: 100 }), { user: "x".repeat(200) });
    expect(response.status).toBe(413);
    expect(errorBody.parse(await response.json()).error).toMatchObject({
      code: "request_too_large",
      message: expect.stringContaining("100 bytes"),
    });
  });

  it("is 405 for a wrong method, with the right one in Allow", async () => {
    const api = await serve();
    const response = await fetch(`${api.url}/v1/chat/completions`);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  it("is 404 for a path that cannot be read, and leaves its line in the log", async () => {
    const api = await serve();
    const response = await fetch(`${api.url}/v1/models/%zz`, { headers: { authorization: "Bearer good" } });
    expect(response.status).toBe(404);
    expect(errorBody.parse(await response.json()).error.code).toBe("unknown_url");
    await until(() => api.log.length > 0);
  });

  it.each([
    ["headers that are too large", `GET /health HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, 431, "headers_too_large"],
    ["something that is no HTTP", "hello\r\n\r\n", 400, "malformed_request"],
  ])("has the API's error shape also for %s", async (_, bytes, status, code) => {
    const api = await serve();
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(bytes);
    let text = "";
    for await (const part of socket) text += part;
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(errorBody.parse(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).error.code).toBe(code);
  });

  it.each([
    "/chat/completions",
    "/v1/chat/completions",
    "/v1/v1/chat/completions",
    "/inference/v1/chat/completions",
    "/together/chat/completions",
  ])("reaches chat completions at %s, wherever a client puts its base URL's end", async (path) => {
    const api = await serve();
    expect((await fetch(`${api.url}${path}`, { method: "POST" })).status).toBe(401);
  });

  it("is 404 for an unknown path, which names the right base", async () => {
    const api = await serve();
    const response = await fetch(`${api.url}/v2/chat/completions`, { method: "POST" });
    expect(response.status).toBe(404);
    expect(errorBody.parse(await response.json()).error.message).toContain(`The base URL of this API is ${api.url}/v1.`);
  });

  it("tells where bad JSON breaks, and quotes none of it", async () => {
    const response = await chat(await serve(), {}, { body: '{\n  "model": secret\n}' });
    const { error } = errorBody.parse(await response.json());
    expect(error).toMatchObject({ code: "invalid_json", message: "The request body is not valid JSON: it breaks at line 2, column 12." });
  });

  it("is 404 for an unknown model, with the ones that exist", async () => {
    const { error } = errorBody.parse(await (await chat(await serve(), { model: "gpt-9" })).json());
    expect(error).toMatchObject({
      code: "model_not_found",
      param: "model",
      message: "The model 'gpt-9' does not exist. Served here: 'm'.",
    });
  });

  it("gives both counts of a prompt that is too long", async () => {
    const messages = [{ role: "user", content: "w ".repeat(1_200) }];
    const { error } = errorBody.parse(await (await chat(await serve(), { messages, stream: true })).json());
    expect(error).toMatchObject({ code: "context_length_exceeded", param: "messages" });
    expect(error.message).toMatch(/maximum context length is 1000 tokens.*resulted in 1200 tokens/);
  });
});
