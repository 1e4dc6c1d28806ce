import Together from "together-ai";
import { describe, expect, inject, it } from "vitest";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { fetch } = await connectToSharedPlatform();
/** As an application has it that was moved here: the path says that it speaks Together's dialect, and so does its User-Agent. */
const baseURL = new URL("/together/v1", inject("baseUrl")).href;
const client = new Together({ baseURL, apiKey: inject("apiKey"), fetch, maxRetries: 0 });

const CHAT = { model: MODEL, messages: [{ role: "user" as const, content: "What is a bonfire?" }], max_tokens: 8 };
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { enum: ["Bern", "Oslo"] } }, required: ["city"], additionalProperties: false },
  },
};

/** Called once: a very small model would call without end. The SDK's types want all fields of a call. */
const tool_choice = { index: 0, id: "", type: "function", function: { name: "weather", arguments: "" } } as const;

describe("together-ai", () => {
  it("lists models, which are a bare array there", async () => {
    const models = await client.models.list();
    expect(models).toContainEqual(expect.objectContaining({ id: MODEL, object: "model", type: "chat", context_length: 8192 }));
  });

  it("gets a chat completion with what only Together's answers have", async () => {
    const { choices, usage, prompt } = await client.chat.completions.create({ ...CHAT, seed: 42 });
    expect(choices).toMatchObject([{ finish_reason: "length", seed: 42, message: { role: "assistant", tool_calls: [] } }]);
    expect(usage).toMatchObject({ completion_tokens: 8, cached_tokens: expect.any(Number) });
    expect(prompt).toEqual([]);
  });

  it("gets a stream with the role on each delta and usage on the last", async () => {
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...CHAT, stream: true })) chunks.push(chunk);
    expect(new Set(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.role)))).toEqual(new Set(["assistant"]));
    expect(chunks.map(({ usage }) => usage?.completion_tokens)).toEqual([...chunks.slice(1).map(() => undefined), 8]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
  });

  it("puts a stream together with its own helper", async () => {
    const stream = client.chat.completions.stream({ ...CHAT, max_tokens: 5 });
    expect(await stream.finalContent()).not.toBe("");
    expect((await stream.totalUsage()).completion_tokens).toBe(5);
  });

  it("puts a streamed tool call together with its own helper", async () => {
    const stream = client.chat.completions.stream({ ...CHAT, max_tokens: 100, tools: [WEATHER], tool_choice });
    const call = await stream.finalFunctionCall();
    expect(call?.name).toBe("weather");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: expect.stringMatching(/Bern|Oslo/) });
  });

  it("gets logprobs as Together has them", async () => {
    const { choices } = await client.chat.completions.create({ ...CHAT, logprobs: 1 });
    const { tokens, token_logprobs } = choices[0]?.logprobs ?? {};
    expect(tokens?.join("")).toBe(choices[0]?.message?.content);
    expect(token_logprobs?.every((logprob) => (logprob ?? 1) <= 0)).toBe(true);
  });
});

describe("together-ai's errors:", () => {
  it("a wrong key is an AuthenticationError", async () => {
    const stranger = new Together({ baseURL, apiKey: "bf-wrong", fetch, maxRetries: 0 });
    await expect(stranger.chat.completions.create(CHAT)).rejects.toThrow(Together.AuthenticationError);
  });

  it("an unknown model is a NotFoundError that names it", async () => {
    const failure = client.chat.completions.create({ ...CHAT, model: "no/such-model" });
    await expect(failure).rejects.toThrow(Together.NotFoundError);
    await expect(failure).rejects.toThrow("no/such-model");
  });

  it("a bad request is a BadRequestError, and is not tried again", async () => {
    let requests = 0;
    const counting: typeof fetch = (input, init) => {
      requests++;
      return fetch(input, init);
    };
    const patient = new Together({ baseURL, apiKey: inject("apiKey"), fetch: counting, maxRetries: 3 });
    await expect(patient.chat.completions.create({ ...CHAT, min_p: 1.1 })).rejects.toThrow(Together.BadRequestError);
    expect(requests).toBe(1);
  });
});
