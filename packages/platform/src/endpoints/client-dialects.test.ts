import { createFireworks } from "@ai-sdk/fireworks";
import { createTogetherAI } from "@ai-sdk/togetherai";
import { bearer } from "@bonfire/platform/egress/bearer";
import { chatCompletion, chatCompletionChunk } from "@bonfire/protocol/chat-completions";
import { ApiError } from "@bonfire/protocol/errors";
import { generateText, streamText } from "ai";
import { OpenAI } from "openai";
import { Together } from "together-ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeReplica, startFakeReplica } from "../engine/testing/fake-replica.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { createHttpServer } from "../http/http-server.ts";
import { UNOBSERVED } from "../http/testing/unobserved.ts";
import { serveClient } from "../serving/testing/serve-client.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions } from "./completions.ts";
import { getModel, listModels } from "./models.ts";

let url: string;
let fake: FakeReplica;
let close: () => Promise<void>;

/** The real edge in front of a scripted replica, one word a token. */
beforeAll(async () => {
  fake = await startFakeReplica({ model: "m", contextLength: 1_000 });
  const engine = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "m", credentials: bearer(undefined) });
  const serving = serveClient(() => engine);
  const app = createHttpServer({
    endpoints: [chatCompletions(serving), completions(serving), listModels(serving, 5), getModel(serving, 5)],
    authenticate: (secret) => {
      if (secret !== "good") throw new ApiError("invalid_api_key", "Incorrect API key provided.");
      return { keyId: "key_1", keyName: "test", accountId: "a", projectId: "p", role: "inference" };
    },
    ...UNOBSERVED,
    bodyLimitBytes: 100_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
  close = async () => {
    await app.close();
    await engine.close();
    await fake.close();
  };
});
afterAll(() => close());

const CHAT = { model: "m", messages: [{ role: "user" as const, content: "one two three" }], max_tokens: 3 };
const TOOL = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  },
};

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe("OpenAI's client", () => {
  const client = () => new OpenAI({ baseURL: `${url}/v1`, apiKey: "good", maxRetries: 0 });

  it("puts a streamed call together", async () => {
    const stream = client().chat.completions.stream({ ...CHAT, max_tokens: 30, tools: [TOOL], tool_choice: "required" });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(choices[0]?.message).toMatchObject({ content: null, tool_calls: [{ type: "function", function: { name: "get_weather" } }] });
  });

  it("gets log-probabilities that make up the text, whole and streamed", async () => {
    const body = { ...CHAT, logprobs: true, top_logprobs: 2 };
    const { choices } = await client().chat.completions.create(body);
    expect(choices[0]?.logprobs?.content?.map(({ token }) => token).join("")).toBe("one two three");
    expect(choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
    for (const chunk of await collect(await client().chat.completions.create({ ...body, stream: true }))) {
      const [choice] = chunk.choices;
      if (!choice?.delta.content) continue;
      expect(choice.logprobs?.content?.map(({ token }) => token).join("")).toBe(choice.delta.content);
    }
  });

  it("gets its echo as the beginning of the text", async () => {
    const { choices } = await client().completions.create({ model: "m", prompt: "a b", max_tokens: 2, echo: true, logprobs: 1 });
    // The replica repeats its prompt.
    expect(choices[0]?.text).toBe("a ba b");
    expect(choices[0]?.logprobs).toMatchObject({ token_logprobs: [null, -0.5, -0.5, -0.5] });
  });

  it("gets the call in the older form when it sends functions", async () => {
    const { choices } = await client().chat.completions.create({
      ...{ ...CHAT, max_tokens: 30, functions: [TOOL.function] },
      function_call: { name: "get_weather" },
    });
    expect(choices[0]).toMatchObject({ finish_reason: "function_call", message: { function_call: { name: "get_weather" } } });
  });

  it.each([
    [
      "a tool's schema",
      { tools: [{ ...TOOL, function: { name: "f", parameters: { type: "nothing" } } }] },
      "tools[0].function.parameters.type",
    ],
    ["a format", { response_format: { type: "sound" } }, "response_format.type"],
    ["a result without its call", { messages: [{ role: "tool", tool_call_id: "x", content: "" }] }, "messages[0].tool_call_id"],
  ])("is told where the fault is in %s", async (_, fault, param) => {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer good", "content-type": "application/json" },
      body: JSON.stringify({ ...CHAT, ...fault }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
  });
});

describe("Together's client", () => {
  const client = () => new Together({ baseURL: `${url}/v1`, apiKey: "good", maxRetries: 0 });

  it("gets the list of models as a bare array with prices", async () => {
    const models = await client().models.list();
    expect(models).toMatchObject([{ id: "m", type: "chat", pricing: { input: 0 } }]);
  });

  it("gets its own form of an answer", async () => {
    const answer = await client().chat.completions.create({ ...CHAT, seed: 7 });
    expect(chatCompletion.parse(answer)).toMatchObject({ prompt: [], choices: [{ seed: 7, message: { tool_calls: [] } }] });
  });

  it("puts a stream together, with usage, seed and log-probabilities", async () => {
    const stream = client().chat.completions.stream({ ...CHAT, seed: 7, logprobs: 1, stream: true });
    const answer = await stream.finalChatCompletion();
    expect(answer).toMatchObject({
      usage: { total_tokens: 6 },
      choices: [
        {
          message: { content: "one two three" },
          logprobs: { tokens: ["one", " two", " three"], token_logprobs: [-0.5, -0.5, -0.5] },
          seed: 7,
        },
      ],
    });
  });

  it("puts a streamed call together", async () => {
    const stream = client().chat.completions.stream({ ...CHAT, max_tokens: 30, tools: [TOOL], tool_choice: "required", stream: true });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ function: { name: "get_weather" } }] },
    });
  });

  it("gets an echoed prompt apart from the text", async () => {
    const answer = await client().completions.create({ model: "m", prompt: "a b", max_tokens: 2, echo: true, logprobs: 1 });
    expect(answer).toMatchObject({ object: "text.completion", prompt: [{ text: "a b", logprobs: { tokens: ["a", " b"] } }] });
    // The replica repeats its prompt.
    expect(answer.choices[0]?.text).toBe("a b");
  });

  it("may send what Together alone would ignore, and learns of it", async () => {
    const { response } = await client()
      .chat.completions.create(CHAT, { body: { ...CHAT, x_unknown: 1 } })
      .withResponse();
    expect(response.headers.get("x-bonfire-ignored")).toBe("x_unknown");
  });
});

describe("an application for Fireworks", () => {
  const post = (body: object) =>
    fetch(`${url}/inference/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer good", "content-type": "application/json" },
      body: JSON.stringify({ ...CHAT, ...body }),
    });

  it("gets a UUID, and usage beside the finish reason", async () => {
    const text = await (await post({ stream: true })).text();
    const chunks = text
      .split("\n\n")
      .filter((frame) => frame.startsWith("data: {"))
      .map((frame) => chatCompletionChunk.parse(JSON.parse(frame.slice("data: ".length))));
    expect(chunks[0]?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: null });
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }], usage: { total_tokens: 6 } });
  });

  it("learns how long it took where it asks", async () => {
    const { perf_metrics } = chatCompletion.parse(await (await post({ perf_metrics_in_response: true })).json());
    expect(perf_metrics?.["prompt-tokens"]).toBe(3);
    expect(perf_metrics?.["server-time-to-first-token"]).toBeLessThanOrEqual(perf_metrics?.["server-processing-time"] ?? 0);
  });

  it("gets as much as fits where the limit does not", async () => {
    const response = await post({ max_tokens: 5_000, stop: ["three"] });
    expect(response.status).toBe(200);
  });
});

describe("the AI SDK", () => {
  it.each([
    ["Together", () => createTogetherAI({ baseURL: `${url}/together/v1`, apiKey: "good" })("m")],
    ["Fireworks", () => createFireworks({ baseURL: `${url}/inference/v1`, apiKey: "good" })("m")],
  ])("reads answers, streams and usage as those of %s", async (_, model) => {
    const options = { model: model(), prompt: "one two three", maxOutputTokens: 3, maxRetries: 0 };
    const whole = await generateText(options);
    expect(whole).toMatchObject({ text: "one two three", finishReason: "length", usage: { totalTokens: 6 } });
    const streamed = streamText(options);
    expect(await streamed.text).toBe("one two three");
    expect((await streamed.usage).totalTokens).toBe(6);
  });
});
