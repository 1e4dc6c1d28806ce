import { referredBy } from "./in-place-schemas.ts";
import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";
import { excludedValues, negateSchema } from "./negate-schema.ts";
import { findUnions, type Union } from "./schema-unions.ts";
import type { Shortfall } from "./shortfall.ts";

/** Schemas that all hold of one value, with what they refer to, and the alternatives among which it has a choice. */
export interface Conjunction {
  readonly nodes: readonly SchemaNode[];
  readonly unions: readonly Union[];
  /** Values that it must not be. */
  readonly excluded: readonly { readonly value: unknown; readonly path: string }[];
  /** One of the schemas is `false`. */
  readonly impossible: boolean;
  readonly shortfalls: readonly Shortfall[];
}

/** Follows references, `allOf` and what can be negated of `not`, each schema once. */
export function conjunctionOf(document: SchemaDocument, seeds: readonly SchemaNode[]): Conjunction {
  const nodes = new Map<number, SchemaNode>();
  const excluded: { value: unknown; path: string }[] = [];
  const shortfalls: Shortfall[] = [];
  let impossible = false;
  const waiting = seeds.toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.raw === false) impossible = true;
    if (typeof node.raw === "boolean" || nodes.has(node.id)) continue;
    nodes.set(node.id, node);
    const { allOf = [], not } = node.keywords;
    const next = [
      ...referredBy(document, node),
      ...allOf.map((raw, index) => document.node(raw, document.pathBelow(node, "allOf", `${index}`))),
    ];
    if (not !== undefined) {
      const path = document.pathBelow(node, "not");
      const values = excludedValues(not);
      const negated = values === undefined ? negateSchema(not, (raw) => referredBy(document, document.node(raw, path))[0]?.raw) : undefined;
      if (values !== undefined) excluded.push(...values.map((value) => ({ value, path })));
      else if (negated !== undefined) next.push(document.node(negated, path));
      else
        shortfalls.push({
          keyword: path.slice(path.lastIndexOf(".") + 1),
          path,
          reason: "A grammar says what may be written, not what may not; this schema has no simple opposite.",
        });
    }
    waiting.push(...next.toReversed());
  }
  const all = [...nodes.values()];
  return { nodes: all, unions: all.flatMap(findUnions), excluded, impossible, shortfalls };
}

/** What identifies a conjunction: its schemas, in any order. */
export function conjunctionKey(nodes: readonly SchemaNode[]): string {
  return nodes
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join(" ");
}
