import { NotFoundError, type OpenAI } from "openai";
import { describe, expect, it } from "vitest";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { client } = await connectToSharedPlatform();

const RESPONSE = { model: MODEL, input: "What is a bonfire?", max_output_tokens: 8, temperature: 0 };
const LOOK_UP = {
  type: "function" as const,
  name: "look_up",
  description: "Looks a word up in the dictionary.",
  parameters: {
    type: "object",
    properties: { word: { type: "string", enum: ["bonfire", "water"] } },
    required: ["word"],
    additionalProperties: false,
  },
  strict: true,
};

type ResponseEvent = OpenAI.Responses.ResponseStreamEvent;

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const statusOf = async (id: string) => (await client.responses.retrieve(id)).status;

describe("a response", () => {
  it("has output, a status and usage that adds up", async () => {
    const response = await client.responses.create(RESPONSE);
    expect(response).toMatchObject({ model: MODEL, object: "response", status: "incomplete" });
    expect(response.output_text).not.toBe("");
    expect(response.usage?.output_tokens).toBe(8);
    expect(response.usage?.total_tokens).toBe((response.usage?.input_tokens ?? 0) + 8);
  });

  it("has log-probabilities where they are included", async () => {
    const response = await client.responses.create({ ...RESPONSE, include: ["message.output_text.logprobs"], top_logprobs: 2 });
    const parts = response.output.flatMap((item) => (item.type === "message" ? item.content : []));
    const logprobs = parts.flatMap((part) => (part.type === "output_text" ? (part.logprobs ?? []) : []));
    expect(logprobs.map(({ token }) => token).join("")).toBe(response.output_text);
    for (const { top_logprobs } of logprobs) expect(top_logprobs).toHaveLength(2);
  });

  it("is streamed to the same text, and satisfies the SDK's helper", async () => {
    const whole = await client.responses.create({ ...RESPONSE, store: false });
    const stream = client.responses.stream({ ...RESPONSE, store: false });
    const deltas: string[] = [];
    stream.on("response.output_text.delta", ({ delta }) => deltas.push(delta));
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(whole.output_text);
    expect(deltas.join("")).toBe(whole.output_text);
  });

  it("keeps to a schema", async () => {
    const schema = {
      type: "object",
      properties: { element: { type: "string", enum: ["fire", "water"] }, isHot: { type: "boolean" } },
      required: ["element", "isHot"],
      additionalProperties: false,
    };
    const response = await client.responses.parse({
      ...{ ...RESPONSE, max_output_tokens: 100 },
      text: { format: { type: "json_schema", name: "element", schema, strict: true } },
    });
    expect(JSON.parse(response.output_text)).toEqual({ element: expect.stringMatching(/^(fire|water)$/), isHot: expect.any(Boolean) });
  });

  it("calls a function, and goes on with what came of it", async () => {
    const asked = await client.responses.create({
      ...RESPONSE,
      max_output_tokens: 200,
      tools: [LOOK_UP],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    const call = asked.output.find((item) => item.type === "function_call");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ word: expect.stringMatching(/^(bonfire|water)$/) });
    const answered = await client.responses.create({
      ...{ ...RESPONSE, tools: [LOOK_UP], tool_choice: "none", previous_response_id: asked.id },
      input: [{ type: "function_call_output", call_id: call?.call_id ?? "", output: "A large fire in the open air." }],
    });
    expect(answered.output_text).not.toBe("");
  });
});

describe("what is stored", () => {
  it("is part of the prompt of what follows", async () => {
    const first = await client.responses.create({ ...RESPONSE, input: "My secret word is heliotrope. ".repeat(20) });
    const next = { input: "What is my secret word?", previous_response_id: first.id };
    const second = await client.responses.create({ ...RESPONSE, ...next });
    const sizes = [first, second].map(({ usage }) => usage?.input_tokens ?? 0);
    expect(sizes[1]).toBeGreaterThan((sizes[0] ?? 0) + 8);
    expect(await client.responses.inputTokens.count({ model: MODEL, ...next })).toEqual({
      object: "response.input_tokens",
      input_tokens: sizes[1],
    });
  });

  it("is part of a conversation, which each response adds to", async () => {
    const conversation = await client.conversations.create({ items: [{ role: "user", content: "Hello!" }] });
    const { output } = await client.responses.create({ ...RESPONSE, conversation: conversation.id });
    const items = await collect(await client.conversations.items.list(conversation.id, { order: "asc" }));
    expect(items.map((item) => item.type === "message" && item.role)).toEqual(["user", "user", "assistant"]);
    expect(items.at(-1)?.id).toBe(output.at(-1)?.id);
    await client.conversations.delete(conversation.id);
    await expect(client.conversations.retrieve(conversation.id)).rejects.toThrow(NotFoundError);
  });

  it("is fetched as it was, with its input, and deleted", async () => {
    const response = await client.responses.create(RESPONSE);
    expect((await client.responses.retrieve(response.id)).output).toEqual(response.output);
    const input = await collect(await client.responses.inputItems.list(response.id));
    expect(input).toMatchObject([{ role: "user", content: [{ text: RESPONSE.input }] }]);
    await client.responses.delete(response.id);
    await expect(client.responses.retrieve(response.id)).rejects.toThrow(NotFoundError);
    await expect(client.responses.create({ ...RESPONSE, previous_response_id: response.id })).rejects.toThrow(NotFoundError);
  });
});

describe("in the background", () => {
  const LONG = { model: MODEL, input: "Tell me a very long story.", max_output_tokens: 4_000, background: true };

  it("a response is polled until it has ended", async () => {
    const { id, status } = await client.responses.create({ ...RESPONSE, background: true });
    expect(status).toBe("queued");
    await until(async () => (await statusOf(id)) === "incomplete");
    expect((await client.responses.retrieve(id)).usage?.output_tokens).toBe(8);
  });

  it("a response is cancelled", async () => {
    const { id } = await client.responses.create(LONG);
    await until(async () => (await statusOf(id)) === "in_progress");
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
    expect(await statusOf(id)).toBe("cancelled");
  });

  it("a stream is left and found again", async () => {
    const seen: ResponseEvent[] = [];
    for await (const event of await client.responses.create({ ...RESPONSE, background: true, stream: true })) {
      seen.push(event);
      if (event.type === "response.output_text.delta") break;
    }
    const [created] = seen;
    if (created?.type !== "response.created") throw new Error("It was not created.");
    const { id } = created.response;
    const rest = await collect(await client.responses.retrieve(id, { stream: true, starting_after: seen.length - 1 }));
    const whole = [...seen, ...rest];
    expect(whole.map(({ sequence_number }) => sequence_number)).toEqual(whole.map((_, index) => index));
    expect(await collect(await client.responses.retrieve(id, { stream: true }))).toEqual(whole);
  });
});
