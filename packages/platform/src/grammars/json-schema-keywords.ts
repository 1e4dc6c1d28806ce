import { z } from "zod";
import { SchemaError } from "./grammar-errors.ts";

export const JSON_TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"] as const;
export type JsonType = (typeof JSON_TYPES)[number];

/** A map from names to anything, such as `properties`: read by its own keys, whatever their names. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const count = z.number().int().nonnegative();
const subschema = z.union([z.boolean(), z.custom<JsonObject>(isJsonObject)], { error: "a schema must be an object or a boolean" });
const subschemas = z.array(subschema).min(1);
const schemasByName = z.custom<Readonly<Record<string, boolean | JsonObject>>>(
  (value) => isJsonObject(value) && Object.values(value).every((schema) => typeof schema === "boolean" || isJsonObject(schema)),
  { error: "it must be an object whose values are schemas" },
);
const names = z.array(z.string());
const type = z.enum(JSON_TYPES, { error: `a type is one of ${JSON_TYPES.join(", ")}` });

/** What is read of one schema object; what is not named here is an annotation. Source: JSON Schema 2020-12 and draft-07; OpenAPI's `nullable`. */
const keywords = z.object({
  $ref: z.string().optional(),
  $dynamicRef: z.string().optional(),
  type: z.union([type, z.array(type).min(1)], { error: `it must be one of ${JSON_TYPES.join(", ")}, or a list of these` }).optional(),
  nullable: z.boolean().optional(),
  enum: z.array(z.unknown()).min(1).optional(),
  const: z.unknown().optional(),
  properties: schemasByName.optional(),
  required: names.optional(),
  additionalProperties: subschema.optional(),
  patternProperties: schemasByName.optional(),
  propertyNames: subschema.optional(),
  minProperties: count.optional(),
  maxProperties: count.optional(),
  dependentRequired: z.record(z.string(), names).optional(),
  dependentSchemas: schemasByName.optional(),
  dependencies: z.record(z.string(), z.union([names, subschema])).optional(),
  unevaluatedProperties: subschema.optional(),
  items: z.union([subschema, z.array(subschema)]).optional(),
  prefixItems: subschemas.optional(),
  additionalItems: subschema.optional(),
  unevaluatedItems: subschema.optional(),
  minItems: count.optional(),
  maxItems: count.optional(),
  uniqueItems: z.boolean().optional(),
  contains: subschema.optional(),
  minContains: count.optional(),
  maxContains: count.optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
  allOf: subschemas.optional(),
  anyOf: subschemas.optional(),
  oneOf: subschemas.optional(),
  not: subschema.optional(),
  if: subschema.optional(),
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name.
  then: subschema.optional(),
  else: subschema.optional(),
});

export type Keywords = z.infer<typeof keywords>;

/** @throws SchemaError that names the keyword */
export function readKeywords(schema: JsonObject, path: string): Keywords {
  const read = keywords.safeParse(schema);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = joinPath(path, ...(issue?.path ?? []).map(String));
  throw new SchemaError(`The schema is invalid at \`${at}\`: ${issue?.message ?? "it cannot be read"}.`, at);
}

export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(".");
}
