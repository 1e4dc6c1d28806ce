import { describe, expect, it } from "vitest";
import type { ListedModel } from "../../engine/engine.ts";
import { sendJson } from "../../engine/testing/fake-stream.ts";
import { openaiCompatible } from "./openai-compatible.ts";
import { startScriptedUpstream } from "./testing/scripted-upstream.ts";

/** What a server with these answers by path lists. */
async function listed(
  profile: string,
  answers: Readonly<Record<string, unknown>>,
  base = "/v1",
): Promise<readonly ListedModel[] | undefined> {
  const upstream = await startScriptedUpstream(({ url }, response) => {
    const answer = answers[url];
    if (answer === undefined) sendJson(response, 404, { error: { message: "no such path" } });
    else sendJson(response, 200, answer);
  });
  const client = openaiCompatible.connect({
    address: { kind: "url", url: upstream.origin + base },
    model: "",
    profile,
    credentials: async () => ({ headers: {} }),
  });
  try {
    return (await client.health(AbortSignal.timeout(10_000))).models;
  } finally {
    await client.close();
    await upstream.close();
  }
}

const list = (...data: unknown[]): object => ({ object: "list", data });

describe("the models of an upstream", () => {
  it.each<[string, unknown, readonly ListedModel[]]>([
    ["openai", list({ id: "gpt", object: "model", created: 1, owned_by: "openai" }), [{ id: "gpt" }]],
    [
      "vllm",
      list({ id: "a/b", object: "model", max_model_len: 8_192, root: "a/b", permission: [] }),
      [{ id: "a/b", contextLength: 8_192 }],
    ],
    [
      "together",
      [
        { id: "a/chat", type: "chat", context_length: 4_096 },
        { id: "a/base", type: "language", context_length: 2_048 },
        { id: "a/vectors", type: "embedding", context_length: 512 },
        { id: "a/pictures", type: "image" },
      ],
      [
        { id: "a/chat", contextLength: 4_096, chat: true },
        { id: "a/base", contextLength: 2_048, chat: false },
      ],
    ],
    [
      "fireworks",
      list(
        {
          id: "accounts/fireworks/models/m",
          kind: "HF_BASE_MODEL",
          supports_chat: true,
          supports_image_input: false,
          context_length: 131_072,
        },
        { id: "accounts/fireworks/models/flux", kind: "FLUMINA_BASE_MODEL", supports_chat: false },
      ),
      [{ id: "accounts/fireworks/models/m", contextLength: 131_072, chat: true, vision: false }],
    ],
    [
      "groq",
      list({ id: "llama", active: true, context_window: 131_072 }, { id: "old", active: false, context_window: 8_192 }),
      [{ id: "llama", contextLength: 131_072 }],
    ],
    [
      "mistral",
      list(
        { id: "large", max_context_length: 131_072, capabilities: { completion_chat: true, completion_fim: false, vision: true } },
        { id: "code", max_context_length: 32_768, capabilities: { completion_chat: false, completion_fim: true, vision: false } },
        { id: "embed", max_context_length: 8_192, capabilities: { completion_chat: false, completion_fim: false, vision: false } },
      ),
      [
        { id: "large", contextLength: 131_072, chat: true, vision: true },
        { id: "code", contextLength: 32_768, chat: false, vision: false },
      ],
    ],
    [
      "openrouter",
      list(
        { id: "a/sees", context_length: 200_000, architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] } },
        { id: "a/draws", context_length: 4_096, architecture: { input_modalities: ["text"], output_modalities: ["image"] } },
      ),
      [{ id: "a/sees", contextLength: 200_000, vision: true }],
    ],
    [
      "azure-openai",
      list(
        { id: "gpt", capabilities: { chat_completion: true, completion: false, embeddings: false, inference: true } },
        { id: "ada", capabilities: { chat_completion: false, completion: false, embeddings: true, inference: true } },
      ),
      [{ id: "gpt", chat: true }],
    ],
    ["gemini", list({ id: "models/gemini-2.5-flash", object: "model", owned_by: "google" }), [{ id: "gemini-2.5-flash" }]],
    [
      "llamacpp",
      { models: [{ name: "m.gguf" }], ...list({ id: "m.gguf", meta: { n_ctx: 4_096, n_ctx_train: 131_072 } }) },
      [{ id: "m.gguf", contextLength: 4_096 }],
    ],
    ["generic", list({ id: "m", context_length: "long", capabilities: ["completion"], type: 7 }, { name: "no id" }, "text"), [{ id: "m" }]],
    ["ollama", { object: "list", data: [] }, []],
  ])("are read from the list of %s", async (profile, answer, models) => {
    expect(await listed(profile, { "/v1/models": answer })).toEqual(models);
  });

  it("are read from Anthropic's pages, one after the other", async () => {
    const model = (id: string, more: object = {}): object => ({
      type: "model",
      id,
      max_input_tokens: 200_000,
      capabilities: { image_input: { supported: true }, batch: { supported: true } },
      ...more,
    });
    const answers = {
      "/v1/models?limit=1000": { data: [model("claude a"), model("gone", { lifecycle: "retired" })], has_more: true, last_id: "claude a" },
      "/v1/models?limit=1000&after_id=claude%20a": { data: [model("claude-b")], has_more: false, last_id: "claude-b" },
    };
    expect(await listed("anthropic", answers)).toEqual([
      { id: "claude a", contextLength: 200_000, vision: true },
      { id: "claude-b", contextLength: 200_000, vision: true },
    ]);
  });

  it("are read once from pages that go on for ever", async () => {
    const page = { data: [{ id: "m" }], has_more: true, last_id: "m" };
    expect(await listed("anthropic", { "/v1/models?limit=1000": page, "/v1/models?limit=1000&after_id=m": page })).toEqual([{ id: "m" }]);
  });

  it("are read from LM Studio's own list, which tells kinds and lengths", async () => {
    const answers = {
      "/api/v0/models": list(
        { id: "qwen-vl", type: "vlm", state: "loaded", loaded_context_length: 4_096, max_context_length: 32_768 },
        { id: "llama", type: "llm", state: "not-loaded", max_context_length: 131_072 },
        { id: "nomic", type: "embeddings", max_context_length: 2_048 },
      ),
      "/v1/models": list({ id: "qwen-vl" }),
    };
    expect(await listed("lm-studio", answers)).toEqual([
      { id: "qwen-vl", contextLength: 4_096, chat: true, vision: true },
      { id: "llama", contextLength: 131_072, chat: true, vision: false },
    ]);
  });

  it.each([undefined, { error: "Unexpected endpoint or method." }])(
    "are read from the common list where the own one answers %j",
    async (own) => {
      const answers = { "/v1/models": list({ id: "llama" }), ...(own === undefined ? {} : { "/api/v0/models": own }) };
      expect(await listed("lm-studio", answers)).toEqual([{ id: "llama" }]);
    },
  );

  it.each([
    ["vertex", "/v1/projects/p/locations/l/endpoints/openapi"],
    ["bedrock", "/openai/v1"],
  ])("are unknown where nothing lists them, and nothing is asked: %s", async (profile, base) => {
    expect(await listed(profile, {}, base)).toBeUndefined();
  });

  it("are read where another address of the same vendor lists them", async () => {
    expect(await listed("bedrock", { "/v1/models": list({ id: "openai.gpt-oss-20b" }) })).toEqual([{ id: "openai.gpt-oss-20b" }]);
  });

  it.each([{ object: "list" }, "text", 17, null])("cannot be read from %j", async (answer) => {
    await expect(listed("generic", { "/v1/models": answer })).rejects.toMatchObject({ kind: "bad-response" });
  });
});
