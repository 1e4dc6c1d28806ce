import type { SchemaNode } from "./json-schema-document.ts";
import type { JsonType, Keywords } from "./json-schema-keywords.ts";
import { numericFormat } from "./number-bounds.ts";

/** Without `number`, `integer` stands for integers alone. */
export type TypeSet = ReadonlySet<JsonType>;

const EVERY_TYPE: TypeSet = new Set<JsonType>(["null", "boolean", "number", "string", "array", "object"]);

/** Keywords that tell which type their writer thought of, where none is named. */
const KEYWORDS_OF_TYPES = {
  object: [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
  ],
  array: ["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"],
  string: ["minLength", "maxLength", "pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
} as const satisfies Partial<Record<JsonType, readonly (keyof Keywords)[]>>;

/** The types that the schemas name; undefined when none does. */
export function namedTypes(nodes: readonly SchemaNode[]): TypeSet | undefined {
  return nodes.reduce<TypeSet | undefined>((common, { keywords }) => {
    if (keywords.type === undefined) return common;
    const types = new Set([keywords.type].flat());
    if (keywords.nullable === true) types.add("null");
    return common === undefined ? types : commonTypes(common, types);
  }, undefined);
}

/** The types that answers have: those that are named, else those that the other keywords speak of, else every type. */
export function answeredTypes(nodes: readonly SchemaNode[]): TypeSet {
  const named = namedTypes(nodes);
  if (named !== undefined) return named;
  const meant = nodes.flatMap(({ keywords }) => meantTypes(keywords));
  return meant.length === 0 ? EVERY_TYPE : new Set(meant);
}

export function commonTypes(a: TypeSet, b: TypeSet): TypeSet {
  const common = [...a].filter((type) => b.has(type) || (type === "integer" && b.has("number")));
  if (a.has("number") && b.has("integer")) common.push("integer");
  return new Set(common);
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "boolean":
    case "string":
      return typeof value === "string" ? "string" : "boolean";
    case "number":
      return Number.isInteger(value) ? "integer" : "number";
    default:
      return "object";
  }
}

export function hasType(types: TypeSet, type: JsonType): boolean {
  return types.has(type) || (type === "integer" && types.has("number"));
}

function meantTypes(keywords: Keywords): readonly JsonType[] {
  const types = (["object", "array", "string", "number"] as const).filter((type) =>
    KEYWORDS_OF_TYPES[type].some((keyword) => keywords[keyword] !== undefined),
  );
  if (types.length > 0 || keywords.format === undefined) return types;
  return [numericFormat(keywords.format) === undefined ? "string" : "number"];
}
