import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContentPart, GenerateRequest, ToolDefinition } from "../engine/generation.ts";
import { cacheKeyOf, isCacheable } from "./cache-key.ts";
import { askFor } from "./testing/sample-answers.ts";

const TENANT = { accountId: "account", projectId: "project", model: "model" };
const keyOf = (request: GenerateRequest, change: Partial<typeof TENANT> & { readonly deploymentsVersion?: string } = {}): string =>
  cacheKeyOf({ ...TENANT, ...change, request });

const wave = (change: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name: "wave",
  parameters: { type: "object", properties: { hand: { type: "string" } } },
  strict: false,
  param: "tools[0]",
  ...change,
});
const tools = (...definitions: ToolDefinition[]): Partial<GenerateRequest> => ({
  tools: { definitions, choice: "auto", parallel: true },
});
const format = (schema: Readonly<Record<string, unknown>>): Partial<GenerateRequest> => ({
  format: { kind: "json-schema", schema, strict: true, param: "response_format" },
});

/** Each differs from the plain request, and from every other one, in what can be answered. */
const VARIANTS: readonly Partial<GenerateRequest>[] = [
  {},
  { prompt: { kind: "text", text: "hi" } },
  { prompt: { kind: "tokens", tokens: [1, 2] } },
  { prompt: { kind: "tokens", tokens: [12] } },
  { prompt: { kind: "chat", messages: [{ role: "user", content: "Hi" }] } },
  { prompt: { kind: "chat", messages: [{ role: "system", content: "Hi" }] } },
  { prompt: { kind: "chat", messages: [{ role: "user", content: "Hi", name: "Ada" }] } },
  { choices: 2 },
  { maxTokens: 10 },
  { stop: ["a"] },
  { stop: ["a", "b"] },
  { stop: ["b", "a"] },
  { seed: 0 },
  { temperature: 0 },
  { topP: 0.5 },
  { topK: 5 },
  { minP: 0.5 },
  { typicalP: 0.5 },
  { presencePenalty: 0.5 },
  { frequencyPenalty: 0.5 },
  { repetitionPenalty: 1.5 },
  { mirostat: {} },
  { mirostat: { target: 5 } },
  { mirostat: { learningRate: 5 } },
  { logitBias: new Map([[1, 5]]) },
  { logitBias: new Map([[1, 6]]) },
  { logitBias: new Map([[2, 5]]) },
  { ignoreEos: true },
  { format: { kind: "json-object", param: "response_format" } },
  { format: { kind: "regex", pattern: "a", param: "response_format" } },
  { format: { kind: "grammar", gbnf: "a", param: "response_format" } },
  format({ type: "object" }),
  format({ type: "object", properties: { a: {}, b: {} } }),
  // The model writes members in the schema's order.
  format({ type: "object", properties: { b: {}, a: {} } }),
  tools(wave()),
  tools(wave({ description: "Waves." })),
  tools(wave({ strict: true })),
  tools(wave({ parameters: { type: "object" } })),
  tools(wave(), wave({ name: "nod" })),
  tools(wave({ name: "nod" }), wave()),
  { tools: { definitions: [wave()], choice: "required", parallel: true } },
  { tools: { definitions: [wave()], choice: "auto", parallel: false } },
  { tools: { definitions: [wave()], choice: "auto", parallel: true, allowed: ["wave"] } },
  { reasoning: { enabled: true } },
  { reasoning: { effort: "low" } },
  { reasoning: { budgetTokens: 5 } },
  { reasoning: { history: "disabled" } },
  { templateArguments: { a: 1, b: 2 } },
  { templateArguments: { b: 2, a: 1 } },
  { logprobs: { alternatives: 0 } },
  { logprobs: { alternatives: 1 } },
  { echo: {} },
  { echo: { logprobs: { alternatives: 1 } } },
  { tokenIds: true },
  { overflow: "error" },
  { truncatePrompt: 5 },
  { truncatePrompt: "context" },
];

describe("the key of a request's answer", () => {
  it("is a hash that shows nothing of the request", () => {
    expect(keyOf(askFor("a secret"))).toMatch(/^[0-9a-f]{64}$/);
  });

  it("differs wherever the answer can", () => {
    const keys = VARIANTS.map((change) => keyOf(askFor("Hi", change)));
    expect(new Set(keys).size).toBe(VARIANTS.length);
  });

  it.each<Partial<GenerateRequest>>([
    { trace: { "x-request-id": "1" } },
    { user: "ada" },
    { cacheKey: "session" },
    { serviceTier: "priority" },
  ])("does not depend on %o, which only says who asks and how urgently", (change) => {
    expect(keyOf(askFor("Hi", change))).toBe(keyOf(askFor("Hi")));
  });

  it("does not depend on the order in which fields and biases were given", () => {
    const fields = fc.shuffledSubarray(Object.entries(Object.assign({}, ...VARIANTS)), { minLength: 1 });
    const biases = fc.uniqueArray(fc.tuple(fc.nat(), fc.integer()), { selector: ([token]) => token });
    fc.assert(
      fc.property(fields, biases, (given, bias) => {
        const request = (entries: typeof given, logitBias: typeof bias): GenerateRequest =>
          askFor("Hi", { ...Object.fromEntries(entries), logitBias: new Map(logitBias) });
        expect(keyOf(request(given.toReversed(), bias.toReversed()))).toBe(keyOf(request(given, bias)));
      }),
    );
  });

  it("is never shared by two tenants, models or versions, however they are called", () => {
    const scope = fc.record({
      accountId: fc.string(),
      projectId: fc.string(),
      model: fc.string(),
      deploymentsVersion: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(scope, scope, (one, other) => {
        const same = JSON.stringify(Object.entries(one)) === JSON.stringify(Object.entries(other));
        const keys = [one, other].map((each) => cacheKeyOf({ ...each, request: askFor("Hi") }));
        expect(keys[0] === keys[1]).toBe(same);
      }),
    );
    expect(keyOf(askFor("Hi"), { accountId: "a", projectId: "bc" })).not.toBe(keyOf(askFor("Hi"), { accountId: "ab", projectId: "c" }));
  });
});

describe("a request", () => {
  const withPicture = (source: Extract<ContentPart, { kind: "image" }>["source"]): GenerateRequest =>
    askFor("", { prompt: { kind: "chat", messages: [{ role: "user", content: [{ kind: "image", source, param: "messages[0]" }] }] } });

  it("is not cacheable while a picture is only an address", () => {
    expect(isCacheable(withPicture({ kind: "url", url: "https://example.com/a.png", detail: "auto" }))).toBe(false);
  });

  it("is cacheable with the bytes of its pictures, and without any", () => {
    expect(isCacheable(withPicture({ kind: "bytes", mediaType: "image/png", base64: "aGk=" }))).toBe(true);
    expect(isCacheable(askFor("Hi"))).toBe(true);
  });
});
