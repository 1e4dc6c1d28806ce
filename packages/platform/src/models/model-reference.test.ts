import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATALOG, DEFAULT_MODEL, findModel } from "./catalog.ts";
import { formatReference, ModelReferenceError, nearestNames, parseReference } from "./model-reference.ts";

describe("a name of the catalog", () => {
  test("is an id or an alias, with another quantization behind it", () => {
    expect(parseReference(" SmolLM2 ")).toEqual({ type: "catalog", model: DEFAULT_MODEL });
    const model = findModel("qwen3:8b");
    expect(parseReference("qwen3:8b")).toEqual({ type: "catalog", model });
    expect(parseReference("qwen3:8b-q8_0")).toEqual({ type: "catalog", model, quant: "Q8_0" });
    expect(parseReference("Qwen/Qwen3-8B:q6_k")).toEqual({ type: "catalog", model, quant: "Q6_K" });
  });

  test("or a family's", () => expect(parseReference("Qwen3")).toEqual({ type: "family", family: "qwen3" }));

  test("that nobody knows is answered with the nearest ones", () => {
    expect(() => parseReference("qwen3:8n")).toThrow(
      /No model is called "qwen3:8n"\. Did you mean qwen3:8b, .*Expected a name of the catalog/,
    );
    expect(() => parseReference("smolm2")).toThrow("Did you mean smollm2");
    expect(() => parseReference("zzzzzzzzzzzz")).toThrow('called "zzzzzzzzzzzz". Expected');
  });
});

describe("a place elsewhere", () => {
  const sum = "a".repeat(64);
  test.each([
    ["hf:owner/Repo.1-GGUF", { type: "hub", repo: "owner/Repo.1-GGUF" }],
    ["hf.co/owner/repo:q4_k_m", { type: "hub", repo: "owner/repo", quant: "Q4_K_M" }],
    ["hf:owner/repo:UD-Q4_K_XL@refs/pr/1", { type: "hub", repo: "owner/repo", quant: "UD-Q4_K_XL", revision: "refs/pr/1" }],
    ["hf:owner/repo/sub/file.gguf@main", { type: "hub", repo: "owner/repo", path: "sub/file.gguf", revision: "main" }],
    ["https://host:8443/a/b.gguf", { type: "url", url: "https://host:8443/a/b.gguf" }],
    [`https://host/b.gguf?x=1#sha256=${sum.toUpperCase()}`, { type: "url", url: "https://host/b.gguf?x=1", sha256: sum }],
    ["file:/models/a b.gguf", { type: "file", path: "/models/a b.gguf" }],
    ["file:///models/a.gguf", { type: "file", path: "/models/a.gguf" }],
    ["./a.gguf", { type: "file", path: "./a.gguf" }],
    ["a.gguf", { type: "file", path: "a.gguf" }],
  ])("%s", (text, reference) => expect(parseReference(text)).toEqual(reference));

  test.each([
    ["hf:owner", "expected hf:owner/repo"],
    ["hf:owner/repo:", "expected hf:owner/repo"],
    ["hf:owner/../x.gguf", "expected hf:owner/repo"],
    ["hf:owner/repo/../x.gguf", "no GGUF file"],
    ["hf:owner/repo/readme.md", "no GGUF file"],
    ["hf:owner/repo:best", "no quantization"],
    ["hf:owner/repo@a@b", "expected hf:owner/repo"],
    ["https://user:secret@host/x.gguf", "without a user name"],
    ["https://host/x.safetensors", "no GGUF file"],
    ["https://host/x.gguf#sha256=12", "no checksum"],
    ["/models/x.bin", "no GGUF file"],
  ])("%s is refused: %s", (text, message) => {
    expect(() => parseReference(text)).toThrow(ModelReferenceError);
    expect(() => parseReference(text)).toThrow(message);
  });

  test("a password in a URL stays out of the message", () =>
    expect(() => parseReference("https://user:secret@host/x.gguf")).not.toThrow("secret"));
});

const name = fc.stringMatching(/^[A-Za-z0-9][\w-]{0,20}$/);
const quant = fc.constantFrom("Q4_K_M", "IQ4_XS", "UD-Q4_K_XL", "BF16", "MXFP4");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const repo = fc.tuple(name, name).map((parts) => parts.join("/"));
const hub = fc.oneof(
  fc.record({ type: fc.constant("hub" as const), repo, revision: maybe(name), quant: maybe(quant) }),
  fc.record({ type: fc.constant("hub" as const), repo, revision: maybe(name), path: fc.array(name, { minLength: 1, maxLength: 3 }) }),
);

test("what is formatted is read back the same", () => {
  fc.assert(
    fc.property(hub, (parts) => {
      const reference = { quant: undefined, ...parts, path: "path" in parts ? `${parts.path.join("/")}.gguf` : undefined };
      expect(parseReference(formatReference(reference))).toEqual(reference);
    }),
  );
  for (const model of CATALOG) expect(parseReference(formatReference({ type: "catalog", model }))).toEqual({ type: "catalog", model });
  fc.assert(
    fc.property(fc.constantFrom(...CATALOG), quant, (model, asked) => {
      const reference = { type: "catalog", model, quant: asked } as const;
      expect(parseReference(formatReference(reference))).toEqual(reference);
    }),
  );
});

test("any text is a reference or refused in words, never another error", () => {
  const pieces = fc.array(fc.constantFrom("hf:", "https://", "file:", "/", ":", "@", "..", "a", "Q4_0", ".gguf", "%", "#sha256=", " "));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((parts) => parts.join("")),
      ),
      (text) => {
        try {
          const reference = parseReference(text);
          expect(formatReference(parseReference(formatReference(reference)))).toBe(formatReference(reference));
        } catch (error) {
          expect(error).toBeInstanceOf(ModelReferenceError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("the nearest names come first, at most three", () => {
  expect(nearestNames("qwem3", ["llama3", "qwen3", "qwen2"])).toEqual(["qwen3", "qwen2"]);
  expect(nearestNames("abc", ["xyz"])).toEqual([]);
});
