import { describe, expect, it } from "vitest";
import { findSchemaProblem } from "./schema-problem.ts";

describe("findSchemaProblem", () => {
  it.each([
    {},
    { type: "object", properties: { a: { type: ["string", "null"] } }, additionalProperties: false },
    { $ref: "#/$defs/node", $defs: { node: { type: "array", items: { $ref: "#/$defs/node" } } } },
    { $schema: "http://json-schema.org/draft-07/schema#", type: "array", items: [{ type: "string" }] },
    { $schema: "https://json-schema.org/draft/2020-12/schema", type: "array", prefixItems: [{ type: "string" }] },
    { type: "string", "x-note": "unknown keywords say nothing" },
  ])("finds nothing wrong with %j", (schema) => {
    expect(findSchemaProblem(schema)).toBeUndefined();
  });

  it("names the place and what would be right", () => {
    const schema = { type: "object", properties: { "a/b": { type: "text" } } };
    const problem = findSchemaProblem(schema);
    expect(problem?.path).toBe("properties.a/b.type");
    expect(problem?.message).toContain("string");
  });

  it.each([
    [{ minimum: "1" }, "minimum"],
    [{ required: "a" }, "required"],
    [{ properties: [] }, "properties"],
    [{ enum: 3 }, "enum"],
  ])("refuses %j at %s", (schema, path) => {
    expect(findSchemaProblem(schema)?.path).toBe(path);
  });

  it.each([
    [{ $ref: "#/$defs/missing" }, "$ref"],
    [{ $ref: "https://example.com/other.json" }, "$ref"],
    [{ properties: { a: { pattern: "(" } } }, "properties.a.pattern"],
  ])("refuses %j, which cannot be used", (schema, path) => {
    expect(findSchemaProblem(schema)?.path).toBe(path);
  });

  it("follows references to anchors, to escaped names, and to schemas without keywords", () => {
    const $defs = { "a/b": { $anchor: "here", type: "string" } };
    expect(findSchemaProblem({ $ref: "#here", $defs })).toBeUndefined();
    expect(findSchemaProblem({ $ref: "#/$defs/any", $defs: { any: true } })).toBeUndefined();
    expect(findSchemaProblem({ $ref: "#/$defs/a~1b", $defs })).toBeUndefined();
  });

  it.each([[null], ["object"], [[]], [true]])("refuses %j, which is no object", (schema) => {
    expect(findSchemaProblem(schema)).toMatchObject({ path: "" });
  });

  it("refuses a schema that is nested too deeply, before it is walked", () => {
    let schema: object = {};
    for (let depth = 0; depth < 100_000; depth++) schema = { not: schema };
    expect(findSchemaProblem(schema)?.message).toContain("nested");
  });
});
