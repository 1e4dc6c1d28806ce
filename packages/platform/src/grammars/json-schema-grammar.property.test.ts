import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SchemaError } from "./grammar-errors.ts";
import { compileJsonSchema } from "./json-schema-grammar.ts";
import { STRING_FORMATS } from "./string-formats.ts";
import { parseGbnf } from "./testing/gbnf-grammar.ts";
import { randomSentence } from "./testing/gbnf-sentences.ts";

/** As answers are validated: unknown formats are annotations, fractions are divided as doubles, and nothing is inherited from a prototype. */
const ajv = new Ajv2020.default({ strict: false, multipleOfPrecision: 6, ownProperties: true, logger: false });
addFormats.default(ajv);

const RUNS = 500;
const SENTENCES = 20;

function expectValid(schema: unknown, seed: number): boolean {
  const { grammar, shortfalls } = compileJsonSchema(schema);
  if (shortfalls.length > 0) return false;
  const rules = parseGbnf(grammar);
  const validate = ajv.compile(typeof schema === "object" && schema !== null ? schema : Boolean(schema));
  for (let index = 0; index < SENTENCES; index += 1) {
    const sentence = randomSentence(rules, seed + index);
    const value: unknown = JSON.parse(sentence);
    if (!validate(value))
      throw new Error(
        `${sentence} is invalid: ${JSON.stringify(validate.errors?.[0])}\n${JSON.stringify(schema)}\n${grammar.slice(0, 3_000)}`,
      );
  }
  return true;
}

const names = fc.constantFrom("a", "b", "c", "name", 'with "quotes"', "ünï", "__proto", "constructor");
const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: -5, max: 20 }),
  fc.constantFrom("a", "b", "x y", 'q"\\', "é🔥"),
  fc.constantFrom(0.5, -2.25, 1e21),
);
const limits = fc.oneof(
  fc.integer({ min: -1200, max: 1200 }),
  fc.double({ min: -1200, max: 1200, noNaN: true }),
  fc.constantFrom(0, -0.5, 0.1, 99.95, 1e15, 1e21, -1e21, 2 ** 53 + 2, 1e-7),
);
const patterns = fc.constantFrom(
  "^[a-z]+$",
  "^[A-Z]{2,5}-\\d{3}$",
  "foo",
  "^S_",
  "ing$",
  "^(a|b)*c?$",
  "^\\S+@\\S+$",
  '^["\\\\]+$',
  "^\\p{Lu}\\p{Ll}*$",
  "^.*$",
  "(^a|b$)",
  "[^a]",
  "^((x?y?)*z){0,3}$",
);
/** Few keywords at a time: with many, nearly every schema contradicts itself. */
const sparse = ({ type, ...model }: { readonly type: fc.Arbitrary<unknown>; readonly [keyword: string]: fc.Arbitrary<unknown> }) =>
  fc.tuple(fc.boolean(), fc.subarray(Object.keys(model), { maxLength: 3 })).chain(([isTyped, chosen]) =>
    fc.record({
      ...(isTyped ? { type } : {}),
      ...Object.fromEntries(Object.entries(model).filter(([keyword]) => chosen.includes(keyword))),
    }),
  );

const { schema } = fc.letrec<{ schema: unknown; object: unknown; array: unknown }>((tie) => {
  const sub = tie("schema");
  const string = sparse({
    type: fc.constant("string"),
    minLength: fc.integer({ min: 0, max: 8 }),
    maxLength: fc.integer({ min: 4, max: 300 }),
    pattern: patterns,
    format: fc.constantFrom(...STRING_FORMATS, "unheard-of"),
  });
  const number = sparse({
    type: fc.constantFrom("number", "integer"),
    minimum: limits,
    maximum: limits,
    exclusiveMinimum: limits,
    exclusiveMaximum: limits,
    multipleOf: fc.constantFrom(1, 5, 10, 100, 0.01, 0.5, 0.1, 7),
    format: fc.constantFrom("int32", "int64", "double"),
  });
  const map = (values: fc.Arbitrary<unknown>) => fc.dictionary(names, values, { maxKeys: 3 });
  const object = sparse({
    type: fc.constant("object"),
    properties: map(sub),
    required: fc.uniqueArray(names, { maxLength: 3 }),
    additionalProperties: fc.oneof(fc.boolean(), sub),
    patternProperties: fc.dictionary(fc.constantFrom("^x-", "a", "^[A-Z]+$"), sub, { maxKeys: 1 }),
    propertyNames: fc.constantFrom(true, { pattern: "^[a-c]" }, { minLength: 2 }, { maxLength: 5 }, { enum: ["a", "name"] }),
    minProperties: fc.integer({ min: 0, max: 3 }),
    maxProperties: fc.integer({ min: 1, max: 5 }),
    dependentRequired: map(fc.uniqueArray(names, { maxLength: 2 })),
    dependentSchemas: fc.dictionary(names, sub, { maxKeys: 1 }),
    unevaluatedProperties: fc.oneof(fc.boolean(), sub),
  });
  const array = sparse({
    type: fc.constant("array"),
    items: sub,
    prefixItems: fc.array(sub, { minLength: 1, maxLength: 3 }),
    minItems: fc.integer({ min: 0, max: 3 }),
    maxItems: fc.integer({ min: 0, max: 5 }),
    contains: sub,
    minContains: fc.integer({ min: 0, max: 2 }),
    unevaluatedItems: fc.oneof(fc.boolean(), sub),
  });
  const combined = fc.oneof(
    fc.record({ anyOf: fc.array(sub, { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(sub, { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(sub, { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: sub }),
    fc.tuple(sub, sub, sub).map((parts) => Object.fromEntries(["if", "then", "else"].map((keyword, index) => [keyword, parts[index]]))),
    fc.record({ $ref: fc.constantFrom("#/$defs/one", "#/$defs/two") }),
  );
  const base = fc.oneof(
    { maxDepth: 2, withCrossShrink: true, depthIdentifier: "schema" },
    fc.constantFrom<unknown>(true, {}, { type: "boolean" }, { type: ["string", "null"] }, { type: "integer" }),
    string,
    number,
    fc.record({ enum: fc.uniqueArray(scalars, { minLength: 1, maxLength: 4 }) }),
    fc.record({ const: scalars }),
    object,
    array,
    combined,
  );
  return {
    object,
    array,
    schema: fc.oneof(
      { weight: 5, arbitrary: base },
      { weight: 1, arbitrary: fc.tuple(object, combined).map(([one, other]) => Object.assign({}, one, other)) },
    ),
  };
});

const withDefinitions = fc
  .record({ root: schema, one: schema, two: schema })
  .map(({ root, one, two }) => (typeof root === "object" && root !== null ? { ...root, $defs: { one, two } } : root));

describe("every answer that a grammar allows", () => {
  it("is valid JSON of its schema, when nothing falls short", () => {
    let enforced = 0;
    fc.assert(
      fc.property(withDefinitions, fc.nat(), (one, seed) => {
        try {
          if (expectValid(one, seed)) enforced += 1;
        } catch (error) {
          // Many schemas made at random contradict themselves.
          if (!(error instanceof SchemaError)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
    expect(enforced).toBeGreaterThan(RUNS / 3);
  });

  it.each(STRING_FORMATS)("has the format %s as ajv-formats knows it", (format) => {
    for (let seed = 0; seed < 30; seed += 1) expectValid({ type: "string", format }, seed * 100);
  });

  it("lies within the bounds of numbers, also where doubles are coarse", () => {
    const bounds = fc.record({
      type: fc.constantFrom("number", "integer"),
      low: limits,
      high: limits,
      lowIsOut: fc.boolean(),
      highIsOut: fc.boolean(),
    });
    let compiled = 0;
    fc.assert(
      fc.property(bounds, fc.nat(), ({ type, low, high, lowIsOut, highIsOut }, seed) => {
        const [min, max] = [Math.min(low, high), Math.max(low, high)];
        const schema = { type, [lowIsOut ? "exclusiveMinimum" : "minimum"]: min, [highIsOut ? "exclusiveMaximum" : "maximum"]: max };
        try {
          expectValid(schema, seed);
          compiled += 1;
        } catch (error) {
          if (!(error instanceof SchemaError) || (!lowIsOut && !highIsOut && type === "number")) throw error;
        }
      }),
      { numRuns: 500 },
    );
    expect(compiled).toBeGreaterThan(300);
  });
});
