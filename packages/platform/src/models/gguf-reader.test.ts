import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { factsOf, seesImages } from "./gguf-facts.ts";
import { NotGgufError, readGgufHeader } from "./gguf-reader.ts";
import { tinyGguf, tinyModel } from "./testing/tiny-gguf.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-gguf-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function headerOf(content: Buffer) {
  const path = join(folder, "x.gguf");
  await writeFile(path, content);
  return readGgufHeader(path);
}

test("a header gives its entries and the count of weights, without the tokenizer's lists", async () => {
  const { metadata, parameterCount } = await headerOf(tinyModel({ "a.flag": true, "a.list": [1, 2, 3] }));
  expect(parameterCount).toBe(16);
  expect(metadata.get("llama.block_count")).toBe(2);
  expect(metadata.get("a.flag")).toBe(true);
  expect(metadata.get("a.list")).toEqual([1, 2, 3]);
  expect(metadata.has("tokenizer.ggml.tokens")).toBe(false);
});

test("a vocabulary larger than the reader's window is passed over", async () => {
  const tokens = Array.from({ length: 150_000 }, (_, index) => `token ${index}`);
  const { metadata } = await headerOf(tinyModel({ "tokenizer.ggml.tokens": tokens, "z.last": 7 }));
  expect(metadata.get("z.last")).toBe(7);
});

describe("what the planner needs", () => {
  test("comes from the header", async () => {
    expect(factsOf(await headerOf(tinyModel()))).toEqual({
      architecture: "llama",
      kind: "text",
      capabilities: ["chat", "completions"],
      contextLength: 512,
      layers: 2,
      // 2 layers × 2 KV heads × (8 + 8) × 2 bytes.
      kvBytesPerToken: 128,
      tokenizer: "gpt2",
      licence: "apache-2.0",
    });
  });

  test.each([
    ["key and value sizes of their own", { "llama.attention.key_length": 16, "llama.attention.value_length": 4 }, 2 * 2 * 20 * 2],
    ["a number of heads for each layer", { "llama.attention.head_count_kv": [0, 3] }, 3 * 16 * 2],
  ])("%s count in the cache", async (_what, more, bytes) => expect(factsOf(await headerOf(tinyModel(more))).kvBytesPerToken).toBe(bytes));

  test.each([
    ["{% if tools %}{{ tools }}{% endif %}", ["chat", "completions", "tools"]],
    ["<think>{{ tools }}", ["chat", "completions", "tools", "reasoning"]],
    ["", ["completions"]],
  ])("the template %j means %j", async (template, capabilities) =>
    expect(factsOf(await headerOf(tinyModel({ "tokenizer.chat_template": template }))).capabilities).toEqual(capabilities),
  );

  test("a model with pooling embeds", async () =>
    expect(factsOf(await headerOf(tinyModel({ "llama.pooling_type": 3 })))).toMatchObject({
      kind: "embeddings",
      capabilities: ["embeddings"],
    }));

  test.each([
    [{ "general.architecture": "clip" }, "projector"],
    [{ "general.type": "adapter" }, "adapter"],
    [{ "general.architecture": "" }, "no architecture"],
    [{ "llama.block_count": 0 }, "no number for llama.block_count"],
  ])("%j cannot be served: %s", async (more, message) => {
    const header = await headerOf(tinyModel(more));
    expect(() => factsOf(header)).toThrow(NotGgufError);
    expect(() => factsOf(header)).toThrow(message);
  });

  test("a projector for images is told from one for sound", async () => {
    const projector = (has: string) => headerOf(tinyGguf({ "general.architecture": "clip", [`clip.has_${has}_encoder`]: true }));
    expect(seesImages(await projector("vision"))).toBe(true);
    expect(seesImages(await projector("audio"))).toBe(false);
  });
});

describe("what is no GGUF file is refused", () => {
  const bytes = (content: string) => Buffer.from(content, "latin1");
  test.each([
    ["nothing", Buffer.alloc(0), "does not begin"],
    ["a page of text", bytes("<!doctype html><title>Sign in</title>"), "does not begin"],
    ["another version", bytes("GGUF\x01\0\0\0"), "not supported"],
    ["another byte order", bytes("GGUF\0\0\0\x03"), "not supported"],
    ["impossible counts", Buffer.concat([bytes("GGUF\x03\0\0\0"), Buffer.alloc(16, 0xff)]), "claims"],
  ])("%s", async (_what, content, message) => {
    const reading = headerOf(content);
    await expect(reading).rejects.toThrow(NotGgufError);
    await expect(reading).rejects.toThrow(message);
  });

  test("a file that was cut anywhere", async () => {
    const whole = tinyModel();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 64 }), async (length) => {
        await expect(headerOf(whole.subarray(0, length))).rejects.toThrow(NotGgufError);
      }),
    );
  });

  test("changed bytes give facts or a refusal, never another error", async () => {
    const whole = tinyModel();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        try {
          factsOf(await headerOf(changed));
        } catch (error) {
          expect(error).toBeInstanceOf(NotGgufError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
