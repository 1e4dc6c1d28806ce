import type { ErrorObject, Options } from "ajv";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { flagsOfPattern } from "./safe-pattern.ts";

export interface SchemaProblem {
  /** Where in the schema, as `properties.age.minimum`; empty for its root. */
  readonly path: string;
  readonly message: string;
}

/** Far beyond what a model can follow; what recurses over a schema stays within the stack, and what compiles it within a second. */
const MOST_DEPTH = 64;
const MOST_VALUES = 5_000;

const OPTIONS: Options = { strict: false, logger: false, validateFormats: false };
const checkers = { draft7: new Ajv(OPTIONS), draft2020: new Ajv2020(OPTIONS) };

/** What keeps a value from being a JSON Schema (2020-12, or draft 7 where `$schema` says so); undefined where nothing does. */
export function findSchemaProblem(schema: unknown): SchemaProblem | undefined {
  if (!isObject(schema)) return { path: "", message: "a JSON Schema is an object of keywords" };
  const parts = listParts(schema);
  if (parts === undefined) {
    return { path: "", message: `the schema is nested more than ${MOST_DEPTH} levels deep, or holds more than ${MOST_VALUES} values` };
  }
  const { $schema: declared, ...keywords } = schema;
  const checker = typeof declared === "string" && declared.includes("draft-07") ? checkers.draft7 : checkers.draft2020;
  if (checker.validateSchema(keywords) !== true) {
    const [first] = checker.errors ?? [];
    return first === undefined ? { path: "", message: "it is not a JSON Schema" } : { path: dotted(first), message: describe(first) };
  }
  return findUnusable(parts);
}

interface Part {
  readonly value: Record<string, unknown>;
  readonly path: string;
}

/** Every object of the schema, breadth first: a recursive walk could overflow on the very thing that it looks for. Undefined beyond the bounds. */
function listParts(root: Record<string, unknown>): Part[] | undefined {
  const parts: Part[] = [];
  let level: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: "" }];
  let values = 1;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) return undefined;
    const next: typeof level = [];
    for (const { value, path } of level) {
      if (isObject(value)) parts.push({ value, path });
      // A schema without keywords.
      else if (typeof value === "boolean") parts.push({ value: {}, path });
      if (typeof value !== "object" || value === null) continue;
      values += Object.keys(value).length;
      if (values > MOST_VALUES) return undefined;
      for (const [key, child] of Object.entries(value)) next.push({ value: child, path: path === "" ? key : `${path}.${key}` });
    }
    level = next;
  }
  return parts;
}

/** What the vocabulary allows and nobody can use: a reference out of the schema, an expression that is none. */
function findUnusable(parts: readonly Part[]): SchemaProblem | undefined {
  const anchors = new Set(parts.flatMap(({ value }) => [value.$anchor, value.$dynamicAnchor]).map((anchor) => `#${String(anchor)}`));
  const places = new Set(parts.map(({ path }) => path));
  for (const { value, path } of parts) {
    const { $ref, pattern } = value;
    if (typeof $ref === "string" && !leadsSomewhere($ref, places, anchors)) {
      return { path: join(path, "$ref"), message: `'${$ref}' leads nowhere; only places inside the schema can be referred to` };
    }
    if (typeof pattern === "string" && !isPattern(pattern)) {
      return { path: join(path, "pattern"), message: "it is not a regular expression of ECMAScript" };
    }
  }
  return undefined;
}

function leadsSomewhere(ref: string, places: ReadonlySet<string>, anchors: ReadonlySet<string>): boolean {
  if (ref === "#" || anchors.has(ref)) return true;
  if (!ref.startsWith("#/")) return false;
  try {
    return places.has(decodeURIComponent(ref.slice(2)).split("/").map(unescapeStep).join("."));
  } catch {
    return false;
  }
}

function isPattern(pattern: string): boolean {
  try {
    flagsOfPattern(pattern);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, keyword: string): string {
  return path === "" ? keyword : `${path}.${keyword}`;
}

/** A step of a JSON pointer (RFC 6901). */
function unescapeStep(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** `/properties/age/type` as `properties.age.type`. */
function dotted({ instancePath }: ErrorObject): string {
  return instancePath.split("/").slice(1).map(unescapeStep).join(".");
}

function describe({ message = "it is not valid", params }: ErrorObject): string {
  const allowed: unknown = "allowedValues" in params ? params.allowedValues : undefined;
  return Array.isArray(allowed) ? `${message}: ${allowed.join(", ")}` : message;
}
