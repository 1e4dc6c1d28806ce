import { SchemaError } from "./grammar-errors.ts";
import { EMPTY, type Expression, NEVER, optional, type RuleReference, repeat, sequence } from "./grammar-expression.ts";
import { addJsonArray, ITEM_SEPARATOR, separated } from "./json-grammar.ts";
import type { SchemaNode } from "./json-schema-document.ts";
import { type JsonObject, joinPath } from "./json-schema-keywords.ts";
import type { SchemaCompilation } from "./schema-compilation.ts";

type RawSchema = boolean | JsonObject;

/** No context holds more, and counts cost rules. */
const MOST_COUNTED = 100_000;

interface ItemSchemas {
  readonly first: readonly RawSchema[];
  readonly firstKeyword: "prefixItems" | "items";
  /** Of those after the first ones; undefined where nothing is said of them. */
  readonly rest: RawSchema | undefined;
  readonly restKeyword: "items" | "additionalItems" | "unevaluatedItems";
}

/** A JSON array. Where its first items are listed and nothing is said of others, it has no others. */
export function arrayExpression(nodes: readonly SchemaNode[], compilation: SchemaCompilation): Expression {
  const bounds = countBounds(nodes);
  const items = nodes.map((node) => ({ node, ...itemSchemas(node) }));
  reportUnevaluated(nodes, compilation);
  const listed = Math.max(0, ...items.map(({ first }) => first.length));
  const contained = containedItems(nodes, listed, compilation);
  const min = Math.max(bounds.min, contained.count);
  const saysNothing = items.every(({ rest, first }) => rest === undefined && first.length === 0);
  const max = listed > 0 && items.every(({ rest }) => rest === undefined) ? Math.min(bounds.max, Math.max(listed, min)) : bounds.max;
  if (max < min) return NEVER;
  reportUniqueness(nodes, max, compilation);
  if (saysNothing && contained.count === 0 && min === 0 && max === Number.POSITIVE_INFINITY) return addJsonArray(compilation.grammar);

  const { document } = compilation;
  const schemasAt = (position: number): readonly SchemaNode[] =>
    items.flatMap(({ node, first, firstKeyword, rest, restKeyword }) => {
      const own = first[position];
      if (own !== undefined) return [document.node(own, document.pathBelow(node, firstKeyword, `${position}`))];
      const isEvaluated = restKeyword === "unevaluatedItems" && position < listed;
      return rest === undefined || isEvaluated ? [] : [document.node(rest, document.pathBelow(node, restKeyword))];
    });
  const special = Math.min(Math.max(listed, contained.count), max);
  const positions = Array.from({ length: special }, (_, position) =>
    compilation.ruleFor([...schemasAt(position), ...(position < contained.count ? contained.schemas : [])], "item"),
  );
  const rest = max > special ? compilation.ruleFor(schemasAt(special), "item") : undefined;
  return sequence("[", listOf(positions, rest, { min, max }, compilation), "]");
}

function listOf(
  positions: readonly RuleReference[],
  rest: RuleReference | undefined,
  { min, max }: { readonly min: number; readonly max: number },
  { grammar }: SchemaCompilation,
): Expression {
  const count = positions.length;
  if (count === 0) return rest === undefined ? EMPTY : separated(rest, min, max);
  const others = rest === undefined ? EMPTY : repeat(sequence(ITEM_SEPARATOR, rest), Math.max(0, min - count), max - count);
  return positions.reduceRight<Expression>((after, item, position) => {
    const fromHere = sequence(position === 0 ? EMPTY : ITEM_SEPARATOR, item, after);
    // A rule of its own, so that long lists do not nest parentheses.
    return position >= min ? optional(grammar.addRule("items", fromHere)) : fromHere;
  }, others);
}

function countBounds(nodes: readonly SchemaNode[]): { readonly min: number; readonly max: number } {
  for (const { path, keywords } of nodes) {
    if ((keywords.minItems ?? 0) <= MOST_COUNTED) continue;
    const at = joinPath(path, "minItems");
    throw new SchemaError(`No array is as long as \`${at}\` demands: more than ${MOST_COUNTED}.`, at);
  }
  const most = Math.min(...nodes.map(({ keywords }) => keywords.maxItems ?? Number.POSITIVE_INFINITY));
  return {
    min: Math.max(0, ...nodes.map(({ keywords }) => keywords.minItems ?? 0)),
    max: Number.isFinite(most) ? Math.min(most, MOST_COUNTED) : most,
  };
}

/** 2020-12 lists the first items in `prefixItems`, draft-07 in `items`. */
function itemSchemas({ keywords }: SchemaNode): ItemSchemas {
  const { items, prefixItems, additionalItems, unevaluatedItems } = keywords;
  if (Array.isArray(items)) return { first: items, firstKeyword: "items", rest: additionalItems, restKeyword: "additionalItems" };
  const first = prefixItems ?? [];
  return items === undefined
    ? { first, firstKeyword: "prefixItems", rest: unevaluatedItems, restKeyword: "unevaluatedItems" }
    : { first, firstKeyword: "prefixItems", rest: items, restKeyword: "items" };
}

/** What must be contained comes first: as many items as must be there satisfy it. */
function containedItems(
  nodes: readonly SchemaNode[],
  listed: number,
  { document, reportShortfall }: SchemaCompilation,
): { readonly count: number; readonly schemas: readonly SchemaNode[] } {
  let count = 0;
  const schemas: SchemaNode[] = [];
  for (const node of nodes) {
    const { contains, minContains = 1, maxContains, maxItems = Number.POSITIVE_INFINITY } = node.keywords;
    if (contains === undefined) continue;
    if (maxContains !== undefined && maxContains < maxItems) {
      reportShortfall("maxContains", node.path, "How many items happen to satisfy a schema cannot be limited.");
    }
    if (minContains === 0) continue;
    if (listed > 0 || minContains > MOST_COUNTED / 100)
      reportShortfall("contains", node.path, "Which item satisfies it cannot be foreseen here.");
    else {
      count = Math.max(count, minContains);
      schemas.push(document.node(contains, document.pathBelow(node, "contains")));
    }
  }
  return { count, schemas };
}

function reportUniqueness(nodes: readonly SchemaNode[], max: number, { reportShortfall }: SchemaCompilation): void {
  if (max <= 1) return;
  for (const { path, keywords } of nodes) {
    if (keywords.uniqueItems === true) reportShortfall("uniqueItems", path, "A grammar does not remember which items were written.");
  }
}

/** Items that one schema lists are unevaluated for another beside it. */
function reportUnevaluated(nodes: readonly SchemaNode[], { reportShortfall }: SchemaCompilation): void {
  for (const node of nodes) {
    const { unevaluatedItems } = node.keywords;
    if (unevaluatedItems === undefined || unevaluatedItems === true) continue;
    if (nodes.some((other) => other !== node && (other.keywords.items !== undefined || other.keywords.prefixItems !== undefined))) {
      reportShortfall("unevaluatedItems", node.path, "Other schemas of the same value say which items there are.");
    }
  }
}
