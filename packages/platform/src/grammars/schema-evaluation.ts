import { isMultiple } from "./decimal-multiple.ts";
import { includesJson, sameJson } from "./json-equality.ts";
import type { SchemaNode } from "./json-schema-document.ts";
import type { Keywords } from "./json-schema-keywords.ts";
import { isWithinBounds, numberBounds, numericFormat } from "./number-bounds.ts";
import { matchesRegex } from "./regex-match.ts";
import type { Conjunction } from "./schema-conjunction.ts";
import { patternFinds } from "./schema-pattern.ts";
import { hasType, namedTypes, typeOf } from "./schema-types.ts";
import { stringFormat } from "./string-formats.ts";

/** Keywords that look inside a value. */
const STRUCTURAL = [
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "unevaluatedProperties",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "uniqueItems",
  "contains",
  "unevaluatedItems",
] as const satisfies readonly (keyof Keywords)[];

/** Whether a value satisfies schemas, as far as can be told without looking inside objects and arrays; undefined where it cannot. */
export function satisfies(value: unknown, { nodes, unions, excluded, impossible, shortfalls }: Conjunction): boolean | undefined {
  const types = namedTypes(nodes);
  if (impossible || (types !== undefined && !hasType(types, typeOf(value)))) return false;
  if (excluded.some((other) => sameJson(other.value, value))) return false;
  const verdicts = nodes.map((node) => satisfiesNode(value, node));
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) || unions.length > 0 || shortfalls.length > 0 ? undefined : true;
}

function satisfiesNode(value: unknown, node: SchemaNode): boolean | undefined {
  const { keywords } = node;
  if (keywords.const !== undefined && !sameJson(keywords.const, value)) return false;
  if (keywords.enum !== undefined && !includesJson(keywords.enum, value)) return false;
  if (typeof value === "string") return satisfiesText(value, keywords);
  if (typeof value === "number") return satisfiesNumber(value, node);
  const isStructure = typeof value === "object" && value !== null;
  return isStructure && STRUCTURAL.some((keyword) => keywords[keyword] !== undefined) ? undefined : true;
}

function satisfiesText(
  text: string,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format }: Keywords,
): boolean | undefined {
  const { length } = [...text];
  if (length < minLength || length > maxLength) return false;
  const found = pattern === undefined ? true : patternFinds(pattern, text);
  if (found === false) return false;
  const regex = format === undefined ? undefined : stringFormat(format);
  // The grammar's form of a format is narrower than the format.
  const hasFormat = regex === undefined || matchesRegex(regex, text) === true ? true : undefined;
  return found === undefined ? undefined : hasFormat;
}

function satisfiesNumber(value: number, node: SchemaNode): boolean | undefined {
  const { multipleOf, format } = node.keywords;
  if (!isWithinBounds(value, numberBounds([node]))) return false;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return false;
  return format !== undefined && numericFormat(format) !== undefined && !Number.isInteger(value) ? undefined : true;
}
