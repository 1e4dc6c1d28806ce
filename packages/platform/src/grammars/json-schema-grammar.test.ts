import { describe, expect, it } from "vitest";
import { GrammarBuilder } from "./grammar-builder.ts";
import { SchemaError } from "./grammar-errors.ts";
import { choice, sequence } from "./grammar-expression.ts";
import { addJsonSchema, compileJsonSchema } from "./json-schema-grammar.ts";
import { parseGbnf } from "./testing/gbnf-grammar.ts";
import { recognises } from "./testing/gbnf-recogniser.ts";

function accepts(schema: unknown, text: string): boolean {
  return recognises(parseGbnf(compileJsonSchema(schema).grammar), text);
}

function shortfallsOf(schema: unknown): string[] {
  return compileJsonSchema(schema).shortfalls.map(({ path }) => path);
}

function errorOf(schema: unknown): SchemaError {
  try {
    compileJsonSchema(schema);
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error("The schema was compiled.");
}

const string = { type: "string" };
const integer = { type: "integer" };

describe("a schema is enforced:", () => {
  it.each<[string, unknown, readonly string[], readonly string[]]>([
    ["type", { type: "boolean" }, ["true", "false"], ["null", "1", " true"]],
    ["several types", { type: ["string", "null"] }, ['"x"', "null"], ["1"]],
    ["nullable", { type: "string", nullable: true }, ['"x"', "null"], ["1"]],
    ["strings with every escape", string, ['"a\\n\\"\\u00e9é🔥\\ud83d\\udd25"', '""'], ['"\\ud83d"', '"\\udd25"', '"a\nb"', '"\\x"', '"']],
    ["enum", { enum: ["a", 'b"', 1, null, { k: [1, 2] }] }, ['"a"', '"b\\""', "1", "null", '{"k": [1, 2]}'], ['"b"', "2", '{"k":[1,2]}']],
    ["enum with a type beside it", { type: "string", enum: ["a", 1, "bbb"], maxLength: 2 }, ['"a"'], ["1", '"bbb"']],
    ["const", { const: 0.5 }, ["0.5"], ["0.50", "0"]],
    [
      "objects with optional properties in their order",
      { type: "object", properties: { a: integer, b: string, c: integer }, required: ["b"] },
      ['{"b": "x"}', '{"a": 1, "b": "x"}', '{"b": "x", "c": 1}', '{"a": 1, "b": "x", "c": 3}'],
      ["{}", '{"a": 1}', '{"b": "x", "a": 1}', '{"b": "x",}', '{, "b": "x"}', '{"b": "x", "d": 1}'],
    ],
    [
      "properties that are all optional",
      { properties: { a: integer, b: integer, c: integer } },
      ["{}", '{"c": 1}', '{"a": 1, "c": 1}'],
      ['{"c": 1, "a": 1}'],
    ],
    ["the absence of properties", { type: "object", properties: {} }, ["{}"], ['{"a": 1}']],
    ["maps", { type: "object", additionalProperties: integer }, ["{}", '{"any key": 1, "b": 2}'], ['{"a": "x"}']],
    [
      "keys by their pattern",
      { type: "object", patternProperties: { "^x-": integer }, additionalProperties: false },
      ['{"x-a": 1}', "{}"],
      ['{"a": 1}'],
    ],
    [
      "names of keys",
      { type: "object", propertyNames: { pattern: "^[a-z]+$", maxLength: 3 } },
      ['{"abc": 1}'],
      ['{"abcd": 1}', '{"A": 1}'],
    ],
    ["minProperties", { properties: { a: integer, b: integer }, minProperties: 1 }, ['{"a": 1}', '{"b": 1}', '{"a": 1, "b": 1}'], ["{}"]],
    [
      "maxProperties",
      { properties: { a: integer, b: integer, c: integer }, maxProperties: 2 },
      ["{}", '{"a": 1, "c": 1}'],
      ['{"a": 1, "b": 1, "c": 1}'],
    ],
    ["arrays", { type: "array", items: integer, minItems: 1, maxItems: 3 }, ["[1]", "[1, 2, 3]"], ["[]", "[1, 2, 3, 4]", '["a"]', "[1,2]"]],
    ["tuples", { type: "array", prefixItems: [string, integer], minItems: 2 }, ['["a", 1]'], ['["a"]', '["a", 1, 2]', '[1, "a"]']],
    ["tuples of draft-07", { type: "array", items: [string], additionalItems: integer }, ["[]", '["a", 1, 2]'], ['["a", "b"]']],
    ["contains", { type: "array", items: { type: ["integer", "string"] }, contains: string }, ['["a"]', '["a", 1]'], ["[]", "[1]"]],
    ["lengths, in code points", { type: "string", minLength: 2, maxLength: 3 }, ['"ab"', '"🔥\\n🔥"'], ['"a"', '"abcd"']],
    ["long lengths", { type: "string", maxLength: 1_000 }, [`"${"x".repeat(1_000)}"`], [`"${"x".repeat(1_001)}"`]],
    ["anchored patterns", { type: "string", pattern: '^[a-z"]{2}$' }, ['"ab"', '"a\\""'], ['"a"', '"abc"', '"ab\\"']],
    ["unanchored patterns", { type: "string", pattern: "b+" }, ['"b"', '"abc"', '"\\nb🔥"'], ['"ac"', '""']],
    [
      "patterns with lengths",
      { type: "string", pattern: "^[a-z]+(-[a-z]+)?$", minLength: 3, maxLength: 5 },
      ['"abc"', '"abcde"'],
      ['"ab"', '"abcdef"'],
    ],
    ["formats", { type: "string", format: "date" }, ['"2024-02-29"', '"2023-12-31"'], ['"2023-02-29"', '"2023-04-31"', '"2023-13-01"']],
    ["unknown formats as annotations", { type: "string", format: "colour" }, ['"red"'], ["1"]],
    [
      "integer bounds",
      { type: "integer", minimum: -12, maximum: 345 },
      ["-12", "-9", "0", "99", "345"],
      ["-13", "346", "1.0", "-0", "007", "999"],
    ],
    ["exclusive bounds", { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10 }, ["1", "9"], ["0", "10"]],
    [
      "decimal bounds",
      { type: "number", minimum: 0.25, maximum: 10.5 },
      ["0.25", "0.3", "1", "9.99", "10", "10.5", "10.50"],
      ["0.24", "0.2", "10.51", "11", "0"],
    ],
    [
      "exclusive decimal bounds",
      { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
      ["0.1", "0.001", "0.99"],
      ["0", "0.0", "1", "1.0"],
    ],
    ["negative decimal bounds", { type: "number", minimum: -1.5, maximum: -0.5 }, ["-1.5", "-1", "-0.5"], ["-1.6", "-0.4", "0", "1"]],
    ["multiples of powers of ten", { type: "integer", multipleOf: 100 }, ["0", "100", "-4200"], ["50", "000", "10"]],
    ["multiples within bounds", { type: "integer", multipleOf: 15, minimum: 1, maximum: 60 }, ["15", "60"], ["0", "20", "75"]],
    ["cents", { type: "number", multipleOf: 0.01, minimum: 0 }, ["0", "12.34", "0.05"], ["0.005", "-1"]],
    ["references", { $defs: { n: integer }, type: "array", items: { $ref: "#/$defs/n" } }, ["[1]"], ['["a"]']],
    ["references with siblings", { $defs: { n: integer }, $ref: "#/$defs/n", minimum: 5 }, ["5"], ["4"]],
    ["references by anchor", { $defs: { n: { $anchor: "number", type: "integer" } }, $ref: "#number" }, ["5"], ['"a"']],
    [
      "recursive references",
      { type: "object", properties: { v: integer, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } }, required: ["v", "next"] },
      ['{"v": 1, "next": null}', '{"v": 1, "next": {"v": 2, "next": null}}'],
      ['{"v": 1}', '{"v": 1, "next": {}}'],
    ],
    ["anyOf", { anyOf: [string, integer] }, ['"a"', "1"], ["null", "1.5"]],
    ["anyOf with siblings", { type: "integer", anyOf: [{ maximum: 3 }, { minimum: 10 }] }, ["3", "10"], ["5"]],
    [
      "allOf",
      {
        allOf: [
          { properties: { a: integer }, required: ["a"] },
          { properties: { b: string, a: { minimum: 5 } }, required: ["b"] },
        ],
      },
      ['{"a": 5, "b": "x"}'],
      ['{"a": 4, "b": "x"}', '{"a": 5}'],
    ],
    ["not of a type", { type: ["string", "null"], not: { type: "null" } }, ['"a"'], ["null"]],
    ["not of listed values", { enum: ["a", "b", "c"], not: { enum: ["b"] } }, ['"a"', '"c"'], ['"b"']],
    [
      "conditions on listed values",
      {
        properties: { unit: { enum: ["m", "none"] }, size: integer },
        required: ["unit"],
        if: { properties: { unit: { const: "m" } }, required: ["unit"] },
        // biome-ignore lint/suspicious/noThenProperty: the keyword's name.
        then: { required: ["size"] },
      },
      ['{"unit": "m", "size": 1}', '{"unit": "none"}'],
      ['{"unit": "m"}'],
    ],
    [
      "dependentRequired",
      { properties: { a: integer, b: integer }, dependentRequired: { a: ["b"] } },
      ["{}", '{"b": 1}', '{"a": 1, "b": 1}'],
      ['{"a": 1}'],
    ],
    ["false", { type: "object", properties: { a: integer, b: false } }, ['{"a": 1}', "{}"], ['{"b": 1}']],
    ["true: any JSON value", true, ["1", '{"a": [null, {"b": "c"}]}', "-1.5e-3"], ["undefined", "01", "{'a': 1}"]],
    ["type where only other keywords tell", { minLength: 2 }, ['"ab"'], ["1", '"a"']],
  ])("%s", (_keyword, schema, allowed, refused) => {
    expect(shortfallsOf(schema)).toEqual([]);
    for (const text of allowed) expect([text, accepts(schema, text)]).toEqual([text, true]);
    for (const text of refused) expect([text, accepts(schema, text)]).toEqual([text, false]);
  });
});

describe("what cannot be enforced is said, with its path:", () => {
  it.each<[string, unknown, readonly string[]]>([
    ["uniqueItems", { properties: { tags: { type: "array", items: string, uniqueItems: true } } }, ["properties.tags.uniqueItems"]],
    ["uniqueItems of one item is no matter", { type: "array", items: string, uniqueItems: true, maxItems: 1 }, []],
    ["not", { properties: { age: { type: "string", not: { pattern: "x" } } } }, ["properties.age.not"]],
    ["not of one of all texts", { type: "string", not: { const: "x" } }, ["not"]],
    ["oneOf whose alternatives overlap", { oneOf: [integer, { type: "number" }] }, ["oneOf"]],
    ["oneOf of different types", { oneOf: [integer, string, { type: "null" }] }, []],
    [
      "oneOf with a discriminator",
      {
        oneOf: ["a", "b"].map((kind) => ({ type: "object", properties: { kind: { const: kind }, x: integer }, required: ["kind"] })),
      },
      [],
    ],
    ["oneOf by required properties", { oneOf: ["a", "b"].map((name) => ({ properties: { [name]: integer }, required: [name] })) }, []],
    ["look-arounds", { type: "string", pattern: "^(?!x).*$" }, ["pattern"]],
    ["a second pattern", { allOf: [{ type: "string", pattern: "a" }, { pattern: "b" }] }, ["allOf.1.pattern"]],
    ["pattern and format", { type: "string", pattern: "a", format: "date" }, ["format"]],
    ["multiples without bounds", { type: "integer", multipleOf: 7 }, ["multipleOf"]],
    [
      "conditions without a simple opposite",
      { type: "object", properties: { a: string }, if: { properties: { a: { pattern: "x" } } }, else: { required: ["a"] } },
      ["if"],
    ],
    [
      "minProperties of a map, whose keys may repeat",
      { type: "object", additionalProperties: integer, minProperties: 2 },
      ["minProperties"],
    ],
    ["several patterns of keys", { type: "object", patternProperties: { a: integer, b: string } }, ["patternProperties"]],
    [
      "references keep the definition's path",
      { $defs: { t: { type: "array", uniqueItems: true } }, properties: { a: { $ref: "#/$defs/t" } } },
      ["$defs.t.uniqueItems"],
    ],
  ])("%s", (_what, schema, paths) => {
    expect(shortfallsOf(schema)).toEqual(paths);
  });

  it("in a sentence for people", () => {
    const [shortfall] = compileJsonSchema({ type: "array", uniqueItems: true }).shortfalls;
    expect(shortfall).toEqual({
      keyword: "uniqueItems",
      path: "uniqueItems",
      reason: "A grammar does not remember which items were written.",
    });
  });
});

describe("a schema is refused, with the path:", () => {
  it.each<[string, unknown, string, RegExp]>([
    ["an unknown type", { properties: { age: { type: "int" } } }, "properties.age.type", /one of null, boolean/],
    ["required as a boolean", { properties: { a: { type: "string", required: true } } }, "properties.a.required", /expected array/],
    ["no schema", "text", "", /object or a boolean/],
    ["bounds of the wrong type", { type: "integer", minimum: "1" }, "minimum", /expected number/],
    ["a reference to nothing", { properties: { a: { $ref: "#/$defs/none" } } }, "properties.a.$ref", /points to no schema/],
    ["a reference out of the schema", { $ref: "https://example.com/other.json" }, "$ref", /leads out/],
    ["a reference to itself", { $ref: "#" }, "", /by itself alone/],
    [
      "references in a circle",
      { $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { anyOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" },
      "$defs.a",
      /by itself alone/,
    ],
    ["what requires itself", { type: "object", properties: { next: { $ref: "#" } }, required: ["next"] }, "", /without end/],
    [
      "a contradiction",
      { properties: { a: { type: "integer", minimum: 5, maximum: 4 } }, required: ["a"] },
      "properties.a",
      /contradicts itself/,
    ],
    ["a contradiction of types", { type: "string", enum: [1] }, "", /contradicts itself/],
    ["a pattern that is none", { type: "string", pattern: "(" }, "pattern", /no regular expression/],
  ])("%s", (_what, schema, path, message) => {
    const error = errorOf(schema);
    expect(error.path).toBe(path);
    expect(error.message).toMatch(message);
  });
});

describe("size is bounded:", () => {
  it("a schema that is nested 10,000 deep is refused", () => {
    let schema: unknown = string;
    for (let depth = 0; depth < 10_000; depth += 1) schema = { type: "array", items: schema };
    expect(errorOf(schema).message).toMatch(/nested more than 200 deep/);
  });

  it("a chain of 5,000 references is followed", () => {
    const $defs: Record<string, unknown> = { d5000: integer };
    for (let index = 0; index < 5_000; index += 1) $defs[`d${index}`] = { $ref: `#/$defs/d${index + 1}` };
    expect(accepts({ $ref: "#/$defs/d0", $defs }, "1")).toBe(true);
  });

  it("10,000 optional properties compile to a grammar in proportion", () => {
    const schemaOf = (count: number) => ({
      type: "object",
      properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`property${index}`, string])),
    });
    const [small, large] = [1_000, 10_000].map((count) => compileJsonSchema(schemaOf(count)).grammar.length);
    expect((large ?? 0) / (small ?? 1)).toBeLessThan(13);
  });

  it("5,000 listed texts share their beginnings", () => {
    const values = Array.from({ length: 5_000 }, (_, index) => `value ${index}`);
    const { grammar } = compileJsonSchema({ enum: values });
    expect(grammar.length).toBeLessThan(60_000);
    const rules = parseGbnf(grammar);
    expect(recognises(rules, '"value 4999"')).toBe(true);
    expect(recognises(rules, '"value 5000"')).toBe(false);
  });

  it("long texts and arrays cost rules by the root of their length", () => {
    expect(compileJsonSchema({ type: "string", maxLength: 10_000 }).grammar.length).toBeLessThan(10_000);
    expect(compileJsonSchema({ type: "array", items: integer, minItems: 5_000, maxItems: 50_000 }).grammar.length).toBeLessThan(20_000);
  });

  it("alternatives that multiply are refused", () => {
    const pairs = Array.from({ length: 30 }, (_, index) => ({ anyOf: [{ minimum: index }, { multipleOf: index + 1 }] }));
    expect(errorOf({ type: "integer", allOf: pairs }).message).toMatch(/combinations of alternatives/);
  });
});

it("several schemas share one larger grammar", () => {
  const grammar = new GrammarBuilder();
  const weather = addJsonSchema(grammar, { type: "object", properties: { city: string }, required: ["city"] });
  const clock = addJsonSchema(grammar, { type: "object", properties: { city: integer }, required: ["city"] });
  const text = grammar.toGbnf(choice(sequence("weather ", weather.rule), sequence("clock ", clock.rule)));
  const rules = parseGbnf(text);
  expect(recognises(rules, 'weather {"city": "Brno"}')).toBe(true);
  expect(recognises(rules, 'clock {"city": 3}')).toBe(true);
  expect(recognises(rules, 'clock {"city": "Brno"}')).toBe(false);
});
