import type { JsonSchema } from "../engine/generation.ts";

/** What ajv reads and JSON Schema does not know: OpenAPI's, draft 4's, its own. A validator of the standard passes over them. */
const FOREIGN_KEYWORDS: ReadonlySet<string> = new Set([
  ...["$async", "$data", "id", "nullable", "discriminator", "$recursiveRef", "$recursiveAnchor"],
  ...["formatMinimum", "formatMaximum", "formatExclusiveMinimum", "formatExclusiveMaximum"],
]);

const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set([
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"],
]);
/** Each holds a schema, or a list of them. */
const SCHEMAS: ReadonlySet<string> = new Set([
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "prefixItems", "items", "additionalItems", "contains", "unevaluatedItems"],
  ...["additionalProperties", "propertyNames", "unevaluatedProperties"],
]);

/** The schema with JSON Schema's own keywords alone; what is data in it (`const`, `enum`, `default`) stays as it is. */
export function withStandardKeywords(schema: JsonSchema): JsonSchema {
  const standard = Object.entries(schema).filter(([keyword]) => !FOREIGN_KEYWORDS.has(keyword));
  return Object.fromEntries(
    standard.map(([keyword, value]) => [keyword, SCHEMAS_BY_NAME.has(keyword) ? eachNamed(value) : inside(keyword, value)]),
  );
}

function eachNamed(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, schema]) => [name, isObject(schema) ? withStandardKeywords(schema) : schema]),
  );
}

function inside(keyword: string, value: unknown): unknown {
  if (!SCHEMAS.has(keyword)) return value;
  if (Array.isArray(value)) return value.map((schema: unknown) => (isObject(schema) ? withStandardKeywords(schema) : schema));
  return isObject(value) ? withStandardKeywords(value) : value;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
