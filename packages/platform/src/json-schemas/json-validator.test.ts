import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../engine/generation.ts";
import { jsonValidator, UnusableSchemaError } from "./json-validator.ts";

describe("jsonValidator", () => {
  it("says what is wrong, and where", () => {
    const validate = jsonValidator({ type: "object", properties: { age: { type: "integer" } }, required: ["age"] });
    expect(validate('{"age": 3}')).toBeUndefined();
    expect(validate('{"age": "3"}')).toBe("/age must be integer");
    expect(validate("{}")).toBe("the whole must have required property 'age'");
    expect(validate('{"age": 3')).toBe("it is not JSON");
  });

  it("checks formats", () => {
    const validate = jsonValidator({ type: "string", format: "date" });
    expect(validate('"2026-02-28"')).toBeUndefined();
    expect(validate('"2026-02-30"')).toContain("format");
  });

  it("matches a pattern anywhere in the text, escapes and classes of JavaScript included", () => {
    const validate = jsonValidator({ type: "string", pattern: "\\d{2}-[\\u00e0-\\u00ff\\p{Lu}]+" });
    expect(validate('"id 12-Éà"')).toBeUndefined();
    expect(validate('"1-a"')).toContain("pattern");
  });

  it("matches patterns with escapes that mean nothing, as other languages write them", () => {
    const validate = jsonValidator({ type: "string", pattern: "^a\\-b$" });
    expect(validate('"a-b"')).toBeUndefined();
    expect(validate('"a+b"')).toContain("pattern");
  });

  it("takes a time that does not explode with the text, whatever the pattern", () => {
    const validate = jsonValidator({ type: "string", pattern: "^(a+)+$" });
    expect(validate(JSON.stringify(`${"a".repeat(5_000)}!`))).toContain("pattern");
  });

  it("matches what looks around, too, and gives up where that takes for ever", () => {
    const validate = jsonValidator({ type: "string", pattern: "^(?!0)(a+)+$" });
    expect(validate('"aaa"')).toBeUndefined();
    expect(validate(JSON.stringify(`${"a".repeat(100)}!`))).toContain("pattern");
  });

  it.each<[JsonSchema]>([[{ pattern: "(a" }], [{ $ref: "#/$defs/missing" }], [{ $ref: "https://example.com/schema.json" }]])(
    "refuses %j",
    (schema) => {
      expect(() => jsonValidator(schema)).toThrow();
    },
  );

  it("reads the older spelling where the schema declares it", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "array",
      items: [{ type: "string" }],
      additionalItems: false,
    };
    expect(jsonValidator(schema)('["a"]')).toBeUndefined();
    expect(jsonValidator(schema)('["a", 1]')).toBeDefined();
  });
});

describe("jsonValidator on what a client made up", () => {
  it.each<[string, JsonSchema]>([
    ["OpenAPI's", { nullable: true, discriminator: { propertyName: "kind" } }],
    ["draft 4's", { id: "person", type: "object" }],
    ["ajv's own", { $async: true, properties: { a: { type: "string", formatMinimum: 5 } } }],
  ])("passes over keywords that are none of JSON Schema's but %s", (_, schema) => {
    expect(jsonValidator(schema)("{}")).toBeUndefined();
  });

  it("takes their names for properties all the same", () => {
    const validate = jsonValidator({ properties: { id: { type: "integer" }, nullable: { const: { id: 1 } } } });
    expect(validate('{"id": "1"}')).toBe("/id must be integer");
    expect(validate('{"nullable": {}}')).toBeDefined();
  });

  it("takes no inherited property for one of the value's", () => {
    const validate = jsonValidator({ properties: { constructor: { type: "null" } }, required: ["toString"] });
    expect(validate('{"toString": 1}')).toBeUndefined();
    expect(validate("{}")).toBe("the whole must have required property 'toString'");
  });

  it("follows a reference to the whole schema", () => {
    const validate = jsonValidator({ type: "object", properties: { child: { $ref: "#" } } });
    expect(validate('{"child": {"child": {}}}')).toBeUndefined();
    expect(validate('{"child": {"child": 1}}')).toBe("/child/child must be object");
  });

  it.each<[string, JsonSchema]>([
    ["itself", { $ref: "#" }],
    ["each other", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { allOf: [{ $ref: "#/$defs/a" }] } } }],
    ["what is not there", { $dynamicRef: "#nowhere" }],
  ])("refuses schemas that refer to %s alone", (_, schema) => {
    expect(() => jsonValidator(schema)).toThrow(UnusableSchemaError);
  });

  it("refuses two schemas of one name", () => {
    const $defs = { a: { $anchor: "same" }, b: { $anchor: "same", type: "string" } };
    expect(() => jsonValidator({ $defs })).toThrow("it cannot be used: reference");
  });

  it("gives up on a schema that doubles its work forty times", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 41 }, (_, level) => {
        const $ref = `#/$defs/a${level - 1}`;
        return [`a${level}`, level === 0 ? {} : { allOf: [{ $ref }, { $ref }] }];
      }),
    );
    expect(() => jsonValidator({ $ref: "#/$defs/a40", $defs })).toThrow("too costly");
  });

  it("refuses an expression that would be too large to compile", () => {
    const pattern = `^(?=a)${"(".repeat(2_000)}a${"*)".repeat(2_000)}$`;
    expect(() => jsonValidator({ pattern })).toThrow("1000 characters");
  });
});
