import type { JsonSchema } from "../generation.ts";

/** The smallest document that satisfies a simple schema: of `pattern`, `allOf` and the like it knows nothing. */
export function exampleOf(schema: JsonSchema): unknown {
  return exampleOfPart(schema, schema, 0);
}

/** Where schemas contain themselves, or ask for as much as nobody can write. */
const MOST_DEPTH = 16;
const MOST_LENGTH = 100;

function exampleOfPart(part: unknown, root: JsonSchema, depth: number): unknown {
  if (!isSchema(part) || depth > MOST_DEPTH) return {};
  if (typeof part.$ref === "string") return exampleOfPart(lookUp(root, part.$ref), root, depth + 1);
  if ("const" in part) return part.const;
  if (Array.isArray(part.enum)) return part.enum[0];
  const branches = part.anyOf ?? part.oneOf;
  if (Array.isArray(branches)) return exampleOfPart(branches[0], root, depth + 1);
  const type = Array.isArray(part.type) ? part.type[0] : part.type;
  switch (type) {
    case "string":
      return "x".repeat(lengthOf(part.minLength ?? 1));
    case "integer":
    case "number":
      return Number(part.minimum ?? 0);
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return Array.from({ length: lengthOf(part.minItems ?? 0) }, () => exampleOfPart(part.items, root, depth + 1));
    default:
      return exampleOfObject(part, root, depth);
  }
}

function exampleOfObject({ properties, required }: JsonSchema, root: JsonSchema, depth: number): object {
  const known = isSchema(properties) ? properties : {};
  const names = Array.isArray(required) ? required.map(String) : Object.keys(known);
  return Object.fromEntries(names.map((name) => [name, exampleOfPart(known[name], root, depth + 1)]));
}

function lengthOf(least: unknown): number {
  return Math.min(Number(least), MOST_LENGTH);
}

function lookUp(root: JsonSchema, reference: string): unknown {
  let place: unknown = root;
  for (const step of reference.split("/").slice(1)) place = isSchema(place) ? place[step] : undefined;
  return place;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
