import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { ReplicaConnection } from "../../engine/engine.ts";
import { foldGeneration, type Generation } from "../../engine/fold-generation.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import { sendJson } from "../../engine/testing/fake-stream.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import { sendEvents, startScriptedUpstream } from "./testing/scripted-upstream.ts";

const REQUEST: GenerateRequest = { prompt: { kind: "chat", messages: [{ role: "user", content: "hello" }] }, choices: 1, stop: [] };
const CHUNKS = [
  { id: "c1", choices: [{ index: 0, delta: { content: "hi" } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 9, completion_tokens: 1 } },
];
const MESSAGE = [
  { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 9, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
  { type: "message_stop" },
];

type Answer = (response: ServerResponse) => void;
const STREAMED: Answer = (response) => sendEvents(response, CHUNKS);

/** Asks an upstream that gives every call the same answer. */
async function ask(
  { base = "/v1", answer = STREAMED, ...connection }: Partial<ReplicaConnection> & { readonly base?: string; readonly answer?: Answer },
  request: Partial<GenerateRequest> = {},
) {
  const upstream = await startScriptedUpstream((_, response) => answer(response));
  const client = openaiCompatible.connect({
    address: { kind: "url", url: upstream.origin + base },
    model: "m",
    credentials: async () => ({ headers: { authorization: "Bearer secret" } }),
    ...connection,
  });
  const generate = (): Promise<Generation> => {
    if (client.generate === undefined) throw new Error("The client does not generate.");
    return foldGeneration(client.generate({ ...REQUEST, ...request }, AbortSignal.timeout(10_000)));
  };
  try {
    const generation = await generate();
    const again = await generate();
    return { generation, again, calls: upstream.calls, connections: upstream.connections() };
  } finally {
    await client.close();
    await upstream.close();
  }
}

describe("a call of an upstream", () => {
  it.each<[string, string, string | undefined, string]>([
    ["vLLM", "/v1", "vllm", "/v1/chat/completions"],
    ["Groq", "/openai/v1", "groq", "/openai/v1/chat/completions"],
    ["Azure's own prefix", "/openai/v1/", "azure-openai", "/openai/v1/chat/completions"],
    ["an Azure deployment", "/openai", "azure-openai", "/openai/deployments/my%20gpt/chat/completions"],
    ["Vertex", "/v1/projects/p/locations/l/endpoints/openapi", "vertex", "/v1/projects/p/locations/l/endpoints/openapi/chat/completions"],
  ])("goes to the path of %s", async (_, base, profile, path) => {
    const { calls } = await ask({ base, model: "my gpt", ...(profile === undefined ? {} : { profile }) });
    expect(calls[0]?.url).toBe(path);
  });

  it("has the operator's headers and query, which win over the profile's, and the signer's headers", async () => {
    const { calls } = await ask({
      profile: "anthropic",
      answer: (response) => sendEvents(response, MESSAGE),
      headers: { "anthropic-version": "2099-01-01", "x-tenant": "t" },
      query: { "api-version": "2024-10-21" },
      credentials: async ({ headers }) => ({ headers: { "x-api-key": "secret", "x-signed": headers["x-tenant"] ?? "" } }),
    });
    expect(calls[0]?.url).toBe("/v1/messages?api-version=2024-10-21");
    expect(calls[0]?.headers).toMatchObject({
      "anthropic-version": "2099-01-01",
      "x-tenant": "t",
      "x-api-key": "secret",
      "x-signed": "t",
    });
  });
});

describe("an upstream that speaks Anthropic's messages", () => {
  const answer: Answer = (response) => sendEvents(response, MESSAGE);

  it("is asked in its own shape, and read in it, on one connection", async () => {
    const { generation, calls, connections } = await ask(
      { profile: "anthropic", answer },
      { user: "u", cacheKey: "k", serviceTier: "default" },
    );
    expect(calls[0]?.headers["anthropic-version"]).toBe("2023-06-01");
    expect(calls[0]?.body).toEqual({
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
      max_tokens: 8_192,
      metadata: { user_id: "u" },
      service_tier: "standard_only",
      stream: true,
    });
    expect(generation).toMatchObject({
      choices: [{ text: "hi", finishReason: "stop" }],
      usage: { promptTokens: 9, completionTokens: 1 },
      start: { upstreamId: "msg_1", ignored: ["prompt_cache_key"] },
    });
    expect(connections).toBe(1);
  });

  it("may answer with a whole message", async () => {
    const whole = {
      type: "message",
      id: "msg_2",
      content: [{ type: "text", text: "hi" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 3 },
    };
    const { generation } = await ask({ profile: "anthropic", answer: (response) => sendJson(response, 200, whole) });
    expect(generation).toMatchObject({ choices: [{ text: "hi" }], usage: { promptTokens: 3 } });
  });

  it.each([
    [400, { type: "invalid_request_error", message: "prompt is too long: 205311 tokens > 200000 maximum" }, "context-overflow"],
    [429, { type: "rate_limit_error", message: "slow down" }, "rate-limited"],
    [529, { type: "overloaded_error", message: "Overloaded" }, "overloaded"],
  ])("says with status %i what went wrong", async (status, error, kind) => {
    const failing = ask({ profile: "anthropic", answer: (response) => sendJson(response, status, { type: "error", error }) });
    await expect(failing).rejects.toMatchObject({ kind, details: { status } });
  });
});

describe("an upstream that answers as a whole where a stream was asked for", () => {
  const usage = { prompt_tokens: 9, completion_tokens: 1 };

  it("is read all the same", async () => {
    const call = { id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
    const message = { role: "assistant", content: "hi", reasoning_content: "hm", tool_calls: [call, { ...call, id: "t2" }] };
    const whole = { id: "c1", object: "chat.completion", choices: [{ index: 0, message, finish_reason: "tool_calls" }], usage };
    const { generation } = await ask({ answer: (response) => sendJson(response, 200, whole) });
    expect(generation).toMatchObject({
      choices: [{ text: "hi", reasoning: "hm", finishReason: "tool_calls", toolCalls: [{ id: "t1" }, { id: "t2", arguments: '{"a":1}' }] }],
      usage: { promptTokens: 9, completionTokens: 1 },
    });
  });

  it("is read all the same where calls are null, and several choices are given", async () => {
    const choice = { message: { role: "assistant", content: "hi", tool_calls: null }, finish_reason: "stop" };
    const whole = { choices: [choice, { ...choice, message: { content: "ho" } }], usage };
    const { generation } = await ask({ answer: (response) => sendJson(response, 200, whole) }, { choices: 2 });
    expect(generation.choices.map(({ text }) => text)).toEqual(["hi", "ho"]);
  });

  it("is read all the same for a text", async () => {
    const whole = { id: "c1", object: "text_completion", choices: [{ index: 0, text: "hi", finish_reason: "length" }], usage };
    const { generation } = await ask({ answer: (response) => sendJson(response, 200, whole) }, { prompt: { kind: "text", text: "oh " } });
    expect(generation.choices[0]).toMatchObject({ text: "hi", finishReason: "length" });
  });

  it("has failed where it says so, whatever its status", async () => {
    const error = { code: 429, message: "Rate limited" };
    await expect(ask({ answer: (response) => sendJson(response, 200, { error }) })).rejects.toMatchObject({ kind: "rate-limited" });
  });
});

describe("an error of an upstream", () => {
  it("tells when to try again by whatever header it has", async () => {
    const answer: Answer = (response) => {
      response.setHeader("x-ratelimit-reset-requests", "1.5s");
      sendJson(response, 429, { error: { message: "slow down" } });
    };
    await expect(ask({ profile: "groq", answer })).rejects.toMatchObject({ kind: "rate-limited", details: { retryAfterMs: 1_500 } });
  });
});
