import { responseFormat } from "@bonfire/protocol/response-format";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readResponseFormat } from "./request-format.ts";

const SCHEMA = { type: "object", properties: { age: { type: "integer" } } };
const body = z.object({ response_format: responseFormat });

function read(response_format: object, dialect: "openai" | "together" = "openai") {
  return readResponseFormat(parseRequest(body, { response_format }).response_format, dialect);
}

describe("readResponseFormat", () => {
  it.each([
    [{ type: "text" }, undefined],
    [{ type: "json_object" }, { kind: "json-object", param: "response_format" }],
    [
      { type: "json_schema", json_schema: { name: "n", description: "d", schema: SCHEMA, strict: true } },
      { kind: "json-schema", name: "n", description: "d", schema: SCHEMA, strict: true, param: "response_format.json_schema.schema" },
    ],
    [
      { type: "json_schema", json_schema: { name: "n", schema: SCHEMA, strict: null } },
      { kind: "json-schema", name: "n", schema: SCHEMA, strict: false, param: "response_format.json_schema.schema" },
    ],
    [
      { type: "json_schema", json_schema: SCHEMA },
      { kind: "json-schema", schema: SCHEMA, strict: false, param: "response_format.json_schema" },
    ],
    [
      { type: "json_schema", schema: SCHEMA },
      { kind: "json-schema", schema: SCHEMA, strict: false, param: "response_format.schema" },
    ],
    [
      { type: "json_object", schema: SCHEMA },
      { kind: "json-schema", schema: SCHEMA, strict: false, param: "response_format.schema" },
    ],
    [
      { type: "json_object", schema: JSON.stringify(SCHEMA) },
      { kind: "json-schema", schema: SCHEMA, strict: false, param: "response_format.schema" },
    ],
    [
      { type: "regex", pattern: "[0-9]+" },
      { kind: "regex", pattern: "[0-9]+", param: "response_format.pattern" },
    ],
    [
      { type: "grammar", grammar: 'root ::= "a"' },
      { kind: "grammar", gbnf: 'root ::= "a"', param: "response_format.grammar" },
    ],
  ])("reads %j", (format, expected) => {
    expect(read(format)).toEqual(expected);
  });

  it.each([
    [{ type: "sound" }, "response_format.type"],
    [{ type: "json_schema" }, "response_format.json_schema"],
    [{ type: "json_schema", json_schema: { name: "n" } }, "response_format.json_schema.schema"],
    [{ type: "json_schema", json_schema: { name: "n", schema: { type: "int" } } }, "response_format.json_schema.schema.type"],
    [
      { type: "json_schema", json_schema: { name: "n", schema: { properties: { age: { type: "int" } } } } },
      "response_format.json_schema.schema.properties.age.type",
    ],
    [{ type: "json_schema", json_schema: { name: "n", schema: SCHEMA, stric: true } }, "response_format.json_schema.stric"],
    [{ type: "json_schema", json_schema: { name: "n", schema: SCHEMA, strict: "yes" } }, "response_format.json_schema.strict"],
    [{ type: "json_schema", json_schema: { name: "my schema", schema: SCHEMA } }, "response_format.json_schema.name"],
    [{ type: "json_schema", json_schema: { schema: SCHEMA }, schema: SCHEMA }, "response_format.schema"],
    [{ type: "json_object", schema: "{" }, "response_format.schema"],
    [{ type: "json_object", schema: { minimum: "x" } }, "response_format.schema.minimum"],
    [{ type: "regex" }, "response_format.pattern"],
    [{ type: "text", mood: 1 }, "response_format.mood"],
  ])("refuses %j and says where the fault is", (format, param) => {
    expect(() => read(format)).toThrow(expect.objectContaining({ param, status: 400 }));
  });

  it("lets Together's clients name a schema as they like", () => {
    expect(read({ type: "json_schema", json_schema: { name: "my schema", schema: SCHEMA } }, "together")).toMatchObject({
      name: "my schema",
    });
  });
});
