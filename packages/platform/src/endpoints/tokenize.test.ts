import { describe, expect, it } from "vitest";
import type { ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { TokenizeRequest } from "../engine/generation.ts";
import { createHttpServer } from "../http/http-server.ts";
import { UNOBSERVED } from "../http/testing/unobserved.ts";
import { serveClient } from "../serving/testing/serve-client.ts";
import { detokenize, tokenize } from "./tokenize.ts";

const WEATHER = { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } };
const HELLO = [{ role: "user", content: "Hello" }];

/** The endpoints over an engine that tells these tokens, unless the test says otherwise, and remembers what it was asked. */
function serve(engine?: Pick<ModelClient, "tokenize" | "detokenize">) {
  const asked: TokenizeRequest[] = [];
  const telling: typeof engine = {
    tokenize: async (request) => {
      asked.push(request);
      return [1, 22, 333];
    },
    detokenize: async (tokens) => `text of ${tokens.join(" ")}`,
  };
  const client: ModelClient = { ...(engine ?? telling), health: async () => ({ state: "ready" }), close: async () => undefined };
  const serving = serveClient(() => client, { aliases: ["alias"] });
  const app = createHttpServer({
    endpoints: [tokenize(serving), detokenize(serving)],
    ...UNOBSERVED,
    bodyLimitBytes: 100_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
  const post = async (path: string, body: object) => {
    const answer = await app.inject({ method: "POST", url: path, payload: body });
    return { status: answer.statusCode, model: answer.headers["x-bonfire-model"], json: answer.json() };
  };
  return { post, asked };
}

describe("tokenize", () => {
  it.each(["/v1/tokenize", "/tokenize"])("tells the tokens of a text at %s", async (path) => {
    const { post, asked } = serve();
    expect(await post(path, { model: "alias", prompt: "Hello" })).toEqual({
      status: 200,
      model: "m",
      json: { count: 3, max_model_len: null, tokens: [1, 22, 333] },
    });
    expect(asked).toEqual([{ prompt: { kind: "text", text: "Hello" }, addSpecialTokens: true }]);
  });

  it("leaves the tokens of the beginning out where that is asked for", async () => {
    const { post, asked } = serve();
    await post("/v1/tokenize", { model: "m", prompt: "Hello", add_special_tokens: false, return_token_strs: null });
    expect(asked).toMatchObject([{ addSpecialTokens: false }]);
  });

  it("tells the tokens of a conversation as a chat completion reads it, with tools and the template's arguments", async () => {
    const { post, asked } = serve();
    const body = { model: "m", messages: HELLO, tools: [WEATHER], chat_template_kwargs: { enable_thinking: false } };
    expect(await post("/v1/tokenize", body)).toMatchObject({ status: 200, json: { count: 3 } });
    expect(asked).toMatchObject([
      {
        prompt: { kind: "chat", messages: [{ role: "user", content: "Hello" }] },
        tools: { definitions: [{ name: "weather" }] },
        templateArguments: { enable_thinking: false },
      },
    ]);
  });

  it.each([
    ["neither text nor messages", { model: "m" }, "missing_required_parameter", "prompt"],
    ["both", { model: "m", prompt: "a", messages: HELLO }, "unknown_parameter", "prompt"],
    ["no model", { prompt: "a" }, "missing_required_parameter", "model"],
    ["an unknown field", { model: "m", prompt: "a", colour: 1 }, "unknown_parameter", "colour"],
    ["the texts of single tokens", { model: "m", prompt: "a", return_token_strs: true }, "invalid_value", "return_token_strs"],
    [
      "a conversation that goes on",
      { model: "m", messages: HELLO, continue_final_message: true },
      "invalid_value",
      "continue_final_message",
    ],
    ["a message that is none", { model: "m", messages: [{ role: "king", content: "a" }] }, "invalid_value", "messages[0].role"],
  ])("refuses %s", async (_, body, code, param) => {
    const { post, asked } = serve();
    expect(await post("/v1/tokenize", body)).toMatchObject({ status: 400, json: { error: { code, param } } });
    expect(asked).toEqual([]);
  });

  it("names the field where the engine refuses the prompt", async () => {
    const { post } = serve({ tokenize: () => Promise.reject(new EngineError("invalid-request", "No.", { promptIsAtFault: true })) });
    expect(await post("/v1/tokenize", { model: "m", messages: HELLO })).toMatchObject({
      status: 400,
      json: { error: { param: "messages" } },
    });
  });
});

describe("detokenize", () => {
  it("tells the text", async () => {
    const { post } = serve();
    expect(await post("/v1/detokenize", { model: "alias", tokens: [1, 22] })).toEqual({
      status: 200,
      model: "m",
      json: { prompt: "text of 1 22" },
    });
    expect(await post("/v1/detokenize", { model: "m", tokens: [] })).toMatchObject({ json: { prompt: "" } });
  });

  it.each([
    ["a fraction", { model: "m", tokens: [1.5] }, "tokens[0]"],
    ["a negative one", { model: "m", tokens: [1, -1] }, "tokens[1]"],
    ["no list", { model: "m", tokens: "1" }, "tokens"],
  ])("refuses %s", async (_, body, param) => {
    expect(await serve().post("/v1/detokenize", body)).toMatchObject({ status: 400, json: { error: { param } } });
  });
});

it("models whose engine does not tell tokens say so", async () => {
  const { post } = serve({});
  for (const [path, body] of [
    ["/v1/tokenize", { model: "m", prompt: "a" }],
    ["/v1/detokenize", { model: "m", tokens: [1] }],
  ] as const) {
    expect(await post(path, body)).toMatchObject({ status: 400, json: { error: { code: "unsupported_parameter", param: "model" } } });
  }
});
