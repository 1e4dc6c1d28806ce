import { Anthropic, AuthenticationError, BadRequestError, NotFoundError } from "@anthropic-ai/sdk";
import { message, messageStreamEvent, messagesError } from "@bonfire/protocol/message-events";
import { describe, expect, inject, it } from "vitest";
import { MODEL } from "./shared-platform.ts";

/** As an application has it, with the base URL that Anthropic's SDKs expect: they add `/v1` themselves. */
const client = anthropicClient(new URL("/", inject("baseUrl")).href, inject("apiKey"));

const QUESTION = [{ role: "user" as const, content: "What is a bonfire?" }];
const MESSAGE = { model: MODEL, max_tokens: 8, messages: QUESTION };
const WEATHER = {
  name: "weather",
  description: "Tells the weather in a city.",
  input_schema: { type: "object" as const, properties: { city: { type: "string", enum: ["Bern", "Oslo"] } }, required: ["city"] },
};
/** One white pixel. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";

function anthropicClient(baseURL: string, apiKey: string): Anthropic {
  return new Anthropic({ baseURL, apiKey, maxRetries: 0 });
}

async function failureOf(promise: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof Anthropic.APIError) return failure;
  throw new Error("The request did not fail with an error of the API.", { cause: failure });
}

describe("a message", () => {
  it("has content, a reason to stop and usage", async () => {
    const { data, request_id } = await client.messages.create(MESSAGE).withResponse();
    expect(message.parse(data)).toMatchObject({
      model: MODEL,
      content: [{ type: "text" }],
      stop_reason: "max_tokens",
      stop_sequence: null,
    });
    const { input_tokens, cache_read_input_tokens, output_tokens } = data.usage;
    expect(output_tokens).toBe(8);
    expect(input_tokens + (cache_read_input_tokens ?? 0)).toBeGreaterThan(5);
    expect(data.id).toBe(request_id?.replace("req_", "msg_"));
  });

  it.each([inject("baseUrl"), new URL("/anthropic", inject("baseUrl")).href, new URL("/inference", inject("baseUrl")).href])(
    "is given at the base URL %s",
    async (baseUrl) => {
      expect(await anthropicClient(baseUrl, inject("apiKey")).messages.create({ ...MESSAGE, max_tokens: 1 })).toMatchObject({
        type: "message",
      });
    },
  );

  it("is given to a key that is sent as a bearer token, as Anthropic's `authToken`", async () => {
    const bearer = new Anthropic({
      baseURL: new URL("/", inject("baseUrl")).href,
      apiKey: null,
      authToken: inject("apiKey"),
      maxRetries: 0,
    });
    expect(await bearer.messages.create({ ...MESSAGE, max_tokens: 1 })).toMatchObject({ type: "message" });
  });

  it("is streamed with the same text", async () => {
    const request = { ...MESSAGE, max_tokens: 20, temperature: 0 };
    const whole = await client.messages.create(request);
    const stream = client.messages.stream(request);
    const types: string[] = [];
    for await (const event of stream) types.push(messageStreamEvent.parse(event).type);
    const streamed = await stream.finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed).toMatchObject({ stop_reason: whole.stop_reason, usage: { output_tokens: whole.usage.output_tokens } });
    expect([types[0], types[1]]).toEqual(["message_start", "content_block_start"]);
    expect(types.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
  });

  it("ends before a stop sequence, and names it", async () => {
    const { content, stop_reason, stop_sequence } = await client.messages.create({
      ...MESSAGE,
      max_tokens: 40,
      stop_sequences: ["!?", " "],
    });
    expect(content).toMatchObject([{ text: expect.stringMatching(/^\S+$/) }]);
    expect({ stop_reason, stop_sequence }).toEqual({ stop_reason: "stop_sequence", stop_sequence: " " });
  });

  it("may ask for more tokens than the context holds", async () => {
    const request = { ...MESSAGE, max_tokens: 100_000, stop_sequences: ["."] };
    expect((await client.messages.stream(request).finalMessage()).content).toHaveLength(1);
  });

  it("takes histories with systems' texts, blocks and merged turns", async () => {
    const answer = await client.messages.create({
      ...MESSAGE,
      system: [{ type: "text", text: "You are brief.", cache_control: { type: "ephemeral" } }],
      messages: [
        { role: "user", content: "Good morning!" },
        { role: "assistant", content: [{ type: "text", text: "Good morning." }] },
        { role: "user", content: "How are" },
        { role: "user", content: [{ type: "text", text: "you?" }] },
      ],
    });
    expect(answer.content).toHaveLength(1);
  });

  it("keeps to a schema", async () => {
    const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"], additionalProperties: false };
    const request = { ...MESSAGE, max_tokens: 100, temperature: 0, output_config: { format: { type: "json_schema" as const, schema } } };
    const { content } = await client.messages.create(request);
    const [block] = content;
    expect(JSON.parse(block?.type === "text" ? block.text : "")).toEqual({ age: expect.any(Number) });
  });
});

describe("a tool", () => {
  const request = { ...MESSAGE, max_tokens: 100, tools: [WEATHER], tool_choice: { type: "tool" as const, name: "weather" } };

  it("is called, and its result is answered", async () => {
    const first = await client.messages.create(request);
    expect(message.parse(first).stop_reason).toBe("tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({ name: "weather", input: { city: expect.stringMatching(/^(Bern|Oslo)$/) } });
    const second = await client.messages.create({
      ...request,
      tool_choice: { type: "none" },
      max_tokens: 8,
      messages: [
        ...QUESTION,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "Sunny." }] },
      ],
    });
    expect(second.content).toMatchObject([{ type: "text" }]);
  });

  it("is called in a stream, which the SDK reads", async () => {
    const { content, stop_reason } = await client.messages.stream(request).finalMessage();
    expect(stop_reason).toBe("tool_use");
    expect(content.at(-1)).toMatchObject({ type: "tool_use", name: "weather", input: { city: expect.any(String) } });
  });
});

describe("a token count", () => {
  it("is what the answer's usage says", async () => {
    const { max_tokens: _, ...prompt } = { ...MESSAGE, system: "You are brief." };
    const { input_tokens } = await client.messages.countTokens(prompt);
    const { usage } = await client.messages.create({ ...prompt, max_tokens: 1 });
    expect(input_tokens).toBe(usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
  });

  it("grows with tools", async () => {
    const { max_tokens: _, ...prompt } = MESSAGE;
    const bare = await client.messages.countTokens(prompt);
    const { input_tokens } = await client.messages.countTokens({ ...prompt, tools: [WEATHER] });
    expect(input_tokens).toBeGreaterThan(bare.input_tokens);
  });
});

describe("errors", () => {
  it("of a wrong key are AuthenticationErrors", async () => {
    const error = await failureOf(anthropicClient(new URL("/", inject("baseUrl")).href, "bf-wrong").messages.create(MESSAGE));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ type: "authentication_error", errorCode: "invalid_api_key" });
    messagesError.parse(error.error);
  });

  it("of an unknown model are NotFoundErrors that name it", async () => {
    const error = await failureOf(client.messages.create({ ...MESSAGE, model: "no/such-model" }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ type: "not_found_error", apiMessage: expect.stringContaining("no/such-model") });
  });

  it("of an image for a model that reads text only are BadRequestErrors that name it", async () => {
    const image = { type: "image" as const, source: { type: "base64" as const, media_type: "image/png" as const, data: PICTURE } };
    const error = await failureOf(client.messages.create({ ...MESSAGE, messages: [{ role: "user", content: [image] }] }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ details: { error_code: "invalid_value", param: "messages[0].content[0].source" } });
  });

  it("of a prompt that is too long come before a stream begins", async () => {
    const messages = [{ role: "user" as const, content: "word ".repeat(9_000) }];
    const error = await failureOf(client.messages.stream({ ...MESSAGE, messages }).finalMessage());
    expect(error).toMatchObject({ status: 400, errorCode: "context_length_exceeded" });
  });
});
