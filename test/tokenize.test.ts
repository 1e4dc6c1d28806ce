import { expect, it } from "vitest";
import { z } from "zod";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { call, client } = await connectToSharedPlatform();

async function post(path: string, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: response.status, json: z.record(z.string(), z.unknown()).parse(await response.json()) };
}

it("a text becomes tokens and the same text again", async () => {
  const prompt = "Wärme und 火, one bonfire 🔥.";
  const { status, json } = await post("/v1/tokenize", { model: "smollm2", prompt });
  expect({ status, json }).toEqual({
    status: 200,
    json: { count: expect.any(Number), max_model_len: 8192, tokens: expect.any(Array) },
  });
  expect(json.tokens).toHaveLength(Number(json.count));
  expect(await post("/v1/detokenize", { model: MODEL, tokens: json.tokens })).toEqual({ status: 200, json: { prompt } });
});

it("a conversation has as many tokens as a chat completion counts", async () => {
  const messages = [{ role: "user" as const, content: "What is a bonfire?" }];
  const { json } = await post("/v1/tokenize", { model: MODEL, messages });
  const { usage } = await client.chat.completions.create({ model: MODEL, messages, max_tokens: 1 });
  expect(json.count).toBe(usage?.prompt_tokens);
});

it("tokens that the model does not have are refused", async () => {
  expect(await post("/v1/detokenize", { model: MODEL, tokens: [1, 2_000_000] })).toMatchObject({
    status: 400,
    json: { error: { param: "tokens" } },
  });
  expect((await post("/v1/detokenize", { model: MODEL, tokens: [1] })).status).toBe(200);
});
