import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ResponsesApi, serveResponses } from "./testing/serve-responses.ts";

let api: ResponsesApi;
beforeAll(async () => {
  api = await serveResponses();
});
afterAll(() => api.close());

describe("the tokens of an input", () => {
  it("are counted with everything that becomes part of the prompt", async () => {
    const first = await api.client.responses.create({ model: "m", input: "one two three", max_output_tokens: 2 });
    const { input_tokens, object } = await api.client.responses.inputTokens.count({
      ...{ model: "m", input: "four", instructions: "Be brief.", previous_response_id: first.id },
      tools: [{ type: "function", name: "look_up", parameters: null, strict: null }],
    });
    expect([object, input_tokens]).toEqual(["response.input_tokens", 8]);
    expect(api.counted.at(-1)?.tools?.definitions).toMatchObject([{ name: "look_up" }]);
  });

  it("are not counted where there is an image, of which nobody knows", async () => {
    const image = { type: "input_image" as const, image_url: "data:image/png;base64,AAAA", detail: "auto" as const };
    const count = api.client.responses.inputTokens.count({ model: "m", input: [{ role: "user", content: [image] }] });
    await expect(count).rejects.toMatchObject({ status: 400, param: "input[0].content[0].image_url" });
  });

  it("are not counted for fields that only an answer has", async () => {
    const answer = await fetch(`${api.url}/v1/responses/input_tokens`, {
      method: "POST",
      headers: { authorization: "Bearer own", "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: "one", temperature: 1 }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { param: "temperature", code: "unknown_parameter" } }]);
  });
});
