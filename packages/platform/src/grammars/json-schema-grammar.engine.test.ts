import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { readErrorAnswer } from "../dialects/openai-errors/calling.ts";
import { ReplicaHttp } from "../egress/replica-http.ts";
import { llamacpp } from "../engines/llamacpp/llamacpp.ts";
import { type LlamaServer, startLlamaServer } from "../engines/llamacpp/testing/start-llama-server.ts";
import { compileJsonObject } from "./json-grammar.ts";
import { compileJsonSchema } from "./json-schema-grammar.ts";
import { compileRegex } from "./regex-grammar.ts";

const completion = z.object({ content: z.string(), stop_type: z.enum(["eos", "limit", "word", "none"]), tokens_predicted: z.int() });

const ajv = new Ajv2020.default({ strict: false, multipleOfPrecision: 6, ownProperties: true, logger: false });
addFormats.default(ajv);

const name = { type: "string", maxLength: 12 };
const WEATHER = {
  type: "object",
  properties: { city: name, unit: { enum: ["celsius", "fahrenheit"] }, days: { type: "integer", minimum: 1, maximum: 14 } },
  required: ["city", "unit"],
  additionalProperties: false,
};
/** Each ends within the tokens of a test. */
const SCHEMAS: readonly (readonly [string, object])[] = [
  ["a flat object", WEATHER],
  ["a tuple", { type: "array", prefixItems: [name, { type: "integer" }, { type: "boolean" }], minItems: 3 }],
  ["an array of objects", { type: "array", items: WEATHER, minItems: 1, maxItems: 2 }],
  ["listed values", { enum: ["red", "green", { r: 1, "g\n": [0.5] }, null, 'q"\\'] }],
  [
    "decimal bounds",
    {
      type: "object",
      properties: { p: { type: "number", minimum: 0, maximum: 1 }, t: { type: "number", exclusiveMinimum: -40.5, exclusiveMaximum: 60 } },
      required: ["p", "t"],
    },
  ],
  [
    "formats",
    {
      type: "object",
      properties: {
        id: { type: "string", format: "uuid" },
        day: { type: "string", format: "date" },
        at: { type: "string", format: "date-time" },
      },
      required: ["id", "day", "at"],
    },
  ],
  [
    "patterns",
    {
      type: "object",
      properties: {
        code: { type: "string", pattern: "^[A-Z]{2,3}-\\d{4}$" },
        word: { type: "string", pattern: "^\\p{L}+$", maxLength: 10 },
      },
      required: ["code", "word"],
    },
  ],
  [
    "alternatives",
    {
      oneOf: ["circle", "square"].map((kind) => ({
        type: "object",
        properties: { kind: { const: kind }, size: { type: "integer", minimum: 0, maximum: 99 } },
        required: ["kind", "size"],
      })),
    },
  ],
  [
    "recursion",
    { type: "object", properties: { name, children: { type: "array", items: { $ref: "#" }, maxItems: 1 } }, required: ["name"] },
  ],
  [
    "a map",
    {
      type: "object",
      additionalProperties: { type: "integer", minimum: 0, maximum: 9 },
      maxProperties: 3,
      propertyNames: { pattern: "^[a-z]{1,8}$" },
    },
  ],
  [
    "any subset",
    {
      type: "object",
      properties: Object.fromEntries(["a", "b", "c", "d", "e"].map((key) => [key, { type: "boolean" }])),
      minProperties: 2,
    },
  ],
  ["scripts of the world", { type: "string", pattern: "^[一-龥]{2,6}$" }],
];

describe("the engine", () => {
  let server: LlamaServer;
  let http: ReplicaHttp;
  beforeAll(async () => {
    const connect = vi.spyOn(llamacpp, "connect");
    server = await startLlamaServer();
    const connection = connect.mock.calls.at(-1)?.[0];
    connect.mockRestore();
    if (connection === undefined) throw new Error("The engine was not connected to.");
    http = new ReplicaHttp({
      address: connection.address,
      credentials: connection.credentials,
      readError: readErrorAnswer,
      keepConnections: false,
    });
  }, 60_000);
  afterAll(async () => {
    await http.close();
    await server.close();
  });

  const complete = async (grammar: string, seed: number, more: object = {}) =>
    completion.parse(
      await http.postJson(
        "completion",
        {
          prompt: "<|im_start|>user\nFill in the form.<|im_end|>\n<|im_start|>assistant\n",
          grammar,
          seed,
          temperature: 1,
          n_predict: 200,
          ...more,
        },
        AbortSignal.timeout(60_000),
      ),
    );

  it.each(SCHEMAS)("writes only what is valid: %s", async (_what, schema) => {
    const { grammar, shortfalls } = compileJsonSchema(schema);
    expect(shortfalls).toEqual([]);
    const validate = ajv.compile(schema);
    const answers = await Promise.all([1, 2].map((seed) => complete(grammar, seed)));
    const finished = answers.filter(({ stop_type }) => stop_type === "eos");
    expect(finished.length).toBeGreaterThan(0);
    for (const { content } of finished) {
      const isValid = validate(JSON.parse(content));
      expect([content, isValid]).toEqual([content, true]);
    }
  });

  it("writes any JSON object", async () => {
    const answers = await Promise.all([1, 2].map((seed) => complete(compileJsonObject(), seed)));
    for (const { content, stop_type } of answers) {
      expect(content).toMatch(/^\{/);
      if (stop_type === "eos") expect(JSON.parse(content)).toBeTypeOf("object");
    }
  });

  it("writes what a pattern matches", async () => {
    const pattern = "(\\+\\d{1,3} )?\\d{3}([ -]\\d{3}){1,2}";
    for (const { content, stop_type } of await Promise.all([1, 2].map((seed) => complete(compileRegex(pattern), seed)))) {
      expect([content, stop_type]).toEqual([expect.stringMatching(new RegExp(`^${pattern}$`)), "eos"]);
    }
  });

  it.each<[string, object]>([
    [
      "2,000 optional properties",
      {
        type: "object",
        properties: Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`property ${index}`, { type: "boolean" }])),
      },
    ],
    ["5,000 listed texts", { enum: Array.from({ length: 5_000 }, (_, index) => `value ${index}`) }],
    ["a text of at most 50,000 characters", { type: "string", maxLength: 50_000 }],
    ["an array of 3,000 to 20,000 items", { type: "array", items: { type: "boolean" }, minItems: 3_000, maxItems: 20_000 }],
    ["a repetition of repetitions", { type: "string", pattern: "^(([a-z]{1,300} ){1,300}\\.){0,300}$" }],
  ])("takes a large grammar: %s", async (_what, schema) => {
    const { content } = await complete(compileJsonSchema(schema).grammar, 1, { n_predict: 3 });
    expect(content).toMatch(/^["[{]/);
  });
});
