import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";
import type { JsonObject } from "./json-schema-keywords.ts";

/** The schemas that a validator applies to the same value. */
export function inPlaceSchemas(document: SchemaDocument, node: SchemaNode): readonly SchemaNode[] {
  const {
    allOf = [],
    anyOf = [],
    oneOf = [],
    not,
    if: condition,
    then,
    else: otherwise,
    dependentSchemas = {},
    dependencies = {},
  } = node.keywords;
  const single = [not, condition, then, otherwise].filter((schema) => schema !== undefined);
  const dependent = [...Object.values(dependentSchemas), ...Object.values(dependencies).filter(isSchema)];
  const raws = [...allOf, ...anyOf, ...oneOf, ...single, ...dependent].filter((raw) => typeof raw !== "boolean");
  return [...referredBy(document, node), ...raws.map((raw) => document.node(raw, node.path))];
}

/** All of them, and theirs. */
export function everyInPlaceSchema(document: SchemaDocument, node: SchemaNode): ReadonlySet<SchemaNode> {
  const found = new Set([node]);
  // A set that grows is walked to its end.
  for (const one of found) for (const next of inPlaceSchemas(document, one)) found.add(next);
  return found;
}

export function referredBy(document: SchemaDocument, node: SchemaNode): readonly SchemaNode[] {
  return [node.keywords.$ref, node.keywords.$dynamicRef].flatMap((reference) =>
    reference === undefined ? [] : [document.resolve(node, reference)],
  );
}

function isSchema(value: boolean | JsonObject | readonly string[]): value is boolean | JsonObject {
  return !Array.isArray(value);
}
