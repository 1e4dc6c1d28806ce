import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chunk } from "./chunk-reader.ts";
import { ChunkTemplate } from "./chunk-template.ts";
import { readPlainChunk } from "./plain-chunk.ts";

const ENVELOPE = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "m" };

interface Said {
  readonly content: string;
  readonly index?: number;
  readonly beside?: Readonly<Record<string, unknown>>;
}

const written = ({ content, index = 0, beside = {} }: Said, space?: string): string =>
  JSON.stringify(
    { ...ENVELOPE, choices: [{ index, delta: { content }, logprobs: null, finish_reason: null }], ...beside },
    undefined,
    space,
  );

const PLAIN: Chunk = { upstreamId: undefined, usage: undefined, deltas: [] };

/** A template that counts how often it has a chunk parsed. */
function countingTemplate() {
  const parsed: string[] = [];
  const parse = (data: string): Chunk => {
    parsed.push(data);
    return readPlainChunk(JSON.parse(data), "chat") ?? PLAIN;
  };
  const template = new ChunkTemplate(parse);
  const learn = (data: string): void => template.learn(data, readPlainChunk(JSON.parse(data), "chat") ?? PLAIN);
  return { template, learn, parsed };
}

describe("a template of a stream's chunks", () => {
  it("knows nothing before it has learnt", () => {
    expect(countingTemplate().template.read(written({ content: "a" }))).toBeUndefined();
  });

  it("reads the text of any chunk that differs in it alone as JSON.parse does", () => {
    const { template, learn } = countingTemplate();
    learn(written({ content: "Hello" }));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (content) => {
        expect(template.read(written({ content }))).toEqual({
          ...{ choice: 0, text: content, reasoning: "", finishReason: "", extras: undefined },
        });
      }),
    );
  });

  it("reads escapes that need not be there", () => {
    const { template, learn } = countingTemplate();
    learn(written({ content: "Hello" }));
    const data = written({ content: "X" }).replace('"X"', String.raw`"\u00e9\/\ud83d\ude00"`);
    expect(template.read(data)?.text).toBe("é/😀");
  });

  it.each<[what: string, data: string]>([
    ["another choice", written({ content: "b", index: 1 })],
    ["usage", written({ content: "b", beside: { usage: { prompt_tokens: 1 } } })],
    ["another field", written({ content: "b" }).replace('"logprobs"', '"tool_calls":[],"logprobs"')],
    ["a field that hides in what looks like text", written({ content: "X" }).replace('"X"', '"b","role":"assistant"')],
    ["a text that does not end", written({ content: "X" }).replace('"X"', String.raw`"b\"`)],
    ["a bare line break in its text", written({ content: "X" }).replace("X", "\n")],
    ["an escape that does not exist", written({ content: "X" }).replace("X", String.raw`\x`)],
    ["nothing between its beginning and its end", `${written({ content: "" }).slice(0, -60)}`],
  ])("leaves a chunk with %s to the parser", (_, data) => {
    const { template, learn } = countingTemplate();
    learn(written({ content: "Hello" }));
    expect(template.read(data)).toBeUndefined();
  });

  it("learns from chunks with spaces, as some servers write them", () => {
    const { template, learn } = countingTemplate();
    learn(written({ content: "Hello" }, " "));
    expect(template.read(written({ content: " there" }, " "))?.text).toBe(" there");
  });

  it.each<[what: string, said: Said]>([
    ["stands twice in the chunk", { content: "m" }],
    ["is empty", { content: "" }],
    ["may be written in several ways", { content: "é" }],
    ["is a key of the chunk", { content: "delta" }],
  ])("does not learn where the text %s", (_, said) => {
    const { template, learn } = countingTemplate();
    learn(written(said));
    expect(template.read(written({ content: "next" }))).toBeUndefined();
  });

  it("gives up on a server whose chunks never look alike", () => {
    const { template, learn, parsed } = countingTemplate();
    for (let number = 0; number < 100; number++) {
      const data = written({ content: "word", beside: { obfuscation: `noise-${number}` } });
      expect(template.read(data)).toBeUndefined();
      learn(data);
    }
    expect(parsed.length).toBeLessThan(10);
  });
});
