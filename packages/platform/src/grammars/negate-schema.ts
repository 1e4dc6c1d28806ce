import { isJsonObject, JSON_TYPES, type JsonObject } from "./json-schema-keywords.ts";

type RawSchema = boolean | JsonObject;

const ANNOTATIONS = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
  "$schema",
  "$id",
]);
/** How far a schema inside a schema is looked at before it counts as one without an opposite. */
const DEEPEST_LOOK = 6;

const OPPOSITES = new WeakMap<JsonObject, RawSchema>();

/** The values of a schema that is nothing but a list of them. */
export function excludedValues(raw: RawSchema): readonly unknown[] | undefined {
  const [[keyword, value] = [], ...more] = assertionsOf(raw);
  if (more.length > 0 || typeof raw === "boolean") return undefined;
  if (keyword === "const") return [value];
  return keyword === "enum" && Array.isArray(value) ? value : undefined;
}

/**
 * A schema that nothing satisfies which satisfies the given one: all of its opposite, or the part of it that schemas can say.
 * Undefined where that is nothing. The same object for the same schema, so that recursive schemas come to an end.
 */
export function negateSchema(raw: RawSchema, refersTo: (raw: JsonObject) => RawSchema | undefined): RawSchema | undefined {
  if (typeof raw === "boolean") return !raw;
  const known = OPPOSITES.get(raw);
  if (known !== undefined) return known;
  const opposite = findOpposite(raw, refersTo);
  if (opposite !== undefined) OPPOSITES.set(raw, opposite);
  return opposite;
}

function findOpposite(raw: JsonObject, refersTo: (raw: JsonObject) => RawSchema | undefined): RawSchema | undefined {
  const assertions = assertionsOf(raw);
  if (assertions.length === 0) return false;
  const options = assertions.flatMap(([keyword, value]): RawSchema[] => {
    const target = keyword === "$ref" ? refersTo(raw) : undefined;
    return target === undefined ? oppositesOf(keyword, value) : [{ not: target }];
  });
  const [only, ...more] = options;
  return only === undefined || more.length > 0 ? (only === undefined ? undefined : { anyOf: options }) : only;
}

/** Each of these contradicts the keyword. */
function oppositesOf(keyword: string, value: unknown): RawSchema[] {
  switch (keyword) {
    case "type": {
      const types = Array.isArray(value) ? value : [value];
      // What is no integer may still be a number, but that has no keyword.
      const others = JSON_TYPES.filter(
        (type) => !types.includes(type) && type !== "integer" && !(type === "number" && types.includes("integer")),
      );
      return others.length === 0 ? [] : [{ type: others }];
    }
    case "const":
      return [{ not: { const: value } }];
    case "enum":
      return [{ not: { enum: value } }];
    case "required":
      return Array.isArray(value) ? value.map((name: unknown) => ({ type: "object", properties: { [String(name)]: false } })) : [];
    case "properties":
      return isJsonObject(value)
        ? Object.entries(value)
            .filter(([, schema]) => hasOpposite(schema, DEEPEST_LOOK))
            .map(([name, schema]) => ({ type: "object", required: [name], properties: { [name]: { not: schema } } }))
        : [];
    case "not":
      return typeof value === "boolean" || isJsonObject(value) ? [value] : [];
    case "anyOf":
      return Array.isArray(value) && value.every((schema) => hasOpposite(schema, DEEPEST_LOOK))
        ? [{ allOf: value.map((schema: unknown) => ({ not: schema })) }]
        : [];
    case "allOf":
      return Array.isArray(value)
        ? value.filter((schema) => hasOpposite(schema, DEEPEST_LOOK)).map((schema: unknown) => ({ not: schema }))
        : [];
    case "minimum":
      return [{ type: "number", exclusiveMaximum: value }];
    case "maximum":
      return [{ type: "number", exclusiveMinimum: value }];
    case "exclusiveMinimum":
      return [{ type: "number", maximum: value }];
    case "exclusiveMaximum":
      return [{ type: "number", minimum: value }];
    default:
      return [];
  }
}

function hasOpposite(raw: unknown, depth: number): boolean {
  if (typeof raw === "boolean") return true;
  if (!isJsonObject(raw) || depth === 0) return false;
  const assertions = assertionsOf(raw);
  return (
    assertions.length === 0 || assertions.some(([keyword, value]) => (keyword === "$ref" ? false : oppositesOf(keyword, value).length > 0))
  );
}

function assertionsOf(raw: RawSchema): readonly (readonly [string, unknown])[] {
  return typeof raw === "boolean" ? [] : Object.entries(raw).filter(([keyword]) => !ANNOTATIONS.has(keyword));
}
