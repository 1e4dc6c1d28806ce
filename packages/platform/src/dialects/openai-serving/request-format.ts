import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";
import type { ResponseFormat } from "@bonfire/protocol/response-format";
import { z } from "zod";
import type { JsonSchema, OutputFormat } from "../../engine/generation.ts";
import { findSchemaProblem } from "../../json-schemas/schema-problem.ts";

/** OpenAI's wrapper of a schema. */
const wrapper = z.strictObject({
  name: z.string().nullish(),
  description: z.string().nullish(),
  schema: z.unknown(),
  strict: z.boolean().nullish(),
});
const OPENAI_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** A schema without the wrapper has one of these; the wrapper has none. */
const SCHEMA_KEYWORDS = ["type", "properties", "$ref", "$defs", "$schema", "anyOf", "oneOf", "allOf", "enum", "const", "items", "not"];

/** All forms in use (api reference 9.4). @returns undefined for plain text. @throws ApiError that names the place in the schema. */
export function readResponseFormat(format: ResponseFormat | null | undefined, dialect: Dialect): OutputFormat | undefined {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return format.schema ? readBareSchema(format.schema, "response_format.schema") : { kind: "json-object", param: "response_format" };
    case "json_schema":
      return readJsonSchema(format, dialect);
    case "regex":
      return { kind: "regex", pattern: format.pattern, param: "response_format.pattern" };
    case "grammar":
      return { kind: "grammar", gbnf: format.grammar, param: "response_format.grammar" };
  }
}

function readJsonSchema({ json_schema, schema }: Extract<ResponseFormat, { type: "json_schema" }>, dialect: Dialect): OutputFormat {
  if (json_schema && schema) {
    throw new ApiError("invalid_value", "'response_format' has its schema twice: leave out 'schema' or 'json_schema'.", {
      param: "response_format.schema",
    });
  }
  if (schema) return readBareSchema(schema, "response_format.schema");
  const param = "response_format.json_schema";
  if (!json_schema) throw new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  const isBare = typeof json_schema === "string" || (!("schema" in json_schema) && SCHEMA_KEYWORDS.some((word) => word in json_schema));
  return isBare ? readBareSchema(json_schema, param) : readWrapper(json_schema, param, dialect);
}

function readBareSchema(schema: unknown, param: string): OutputFormat {
  return { kind: "json-schema", schema: readSchema(schema, param), strict: false, param };
}

function readWrapper(value: JsonSchema, param: string, dialect: Dialect): OutputFormat {
  const parsed = wrapper.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
    const place = `${param}.${String(key)}`;
    throw new ApiError("invalid_value", `Invalid value for '${place}': expected name, description, schema and strict as OpenAI has them.`, {
      param: place,
    });
  }
  const { name, description, schema, strict } = parsed.data;
  const place = `${param}.schema`;
  if (schema === undefined || schema === null) {
    throw new ApiError("missing_required_parameter", `Missing required parameter: '${place}'.`, { param: place });
  }
  if (dialect === "openai" && name && !OPENAI_NAME.test(name)) {
    throw new ApiError("invalid_value", `Invalid value for '${param}.name': expected 1 to 64 characters of a-z, A-Z, 0-9, _ and -.`, {
      param: `${param}.name`,
    });
  }
  return {
    kind: "json-schema",
    schema: readSchema(schema, place),
    strict: strict ?? false,
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    param: place,
  };
}

/** A JSON Schema, or its JSON text as Fireworks takes it. @throws ApiError that names the place in it. */
export function readSchema(value: unknown, param: string): JsonSchema {
  const schema = typeof value === "string" ? parseText(value, param) : value;
  const problem = findSchemaProblem(schema);
  if (problem !== undefined || !isObject(schema)) {
    const place = problem?.path ? `${param}.${problem.path}` : param;
    throw new ApiError("invalid_value", `Invalid schema at '${place}': ${problem?.message ?? "a JSON Schema is an object of keywords"}.`, {
      param: place,
    });
  }
  return schema;
}

function parseText(text: string, param: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError("invalid_value", `Invalid value for '${param}': the text is not JSON.`, { param, cause });
  }
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
