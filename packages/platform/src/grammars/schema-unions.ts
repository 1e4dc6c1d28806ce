import type { SchemaNode } from "./json-schema-document.ts";
import { type JsonObject, joinPath } from "./json-schema-keywords.ts";

type RawSchema = boolean | JsonObject;

/** Alternatives of a schema, at least one of which must hold. */
export interface Union {
  readonly key: string;
  readonly keyword: string;
  /** Of the schema that has the keyword. */
  readonly at: string;
  /** No two may hold at once. */
  readonly exclusive: boolean;
  /** The property without which it says nothing. */
  readonly trigger?: string;
  readonly branches: readonly { readonly raw: RawSchema; readonly path: string }[];
}

const FOUND = new WeakMap<SchemaNode, readonly Union[]>();

/** The same objects for the same node each time, so that the branches of conditions are compiled once. */
export function findUnions(node: SchemaNode): readonly Union[] {
  const known = FOUND.get(node);
  if (known !== undefined) return known;
  const unions = [...written(node), ...condition(node), ...dependencies(node)];
  FOUND.set(node, unions);
  return unions;
}

function written({ id, path, keywords }: SchemaNode): readonly Union[] {
  return (["anyOf", "oneOf"] as const).flatMap((keyword) => {
    const branches = keywords[keyword]?.map((raw, index) => ({ raw, path: joinPath(path, keyword, `${index}`) }));
    return branches === undefined ? [] : [{ key: `${id} ${keyword}`, keyword, at: path, exclusive: keyword === "oneOf", branches }];
  });
}

/** Either the condition and its consequence hold, or its opposite and the alternative. */
function condition({ id, path, keywords }: SchemaNode): readonly Union[] {
  const { if: condition, then: consequence, else: alternative } = keywords;
  if (condition === undefined || (consequence === undefined && alternative === undefined)) return [];
  const at = (keyword: string): string => joinPath(path, keyword);
  return [
    {
      key: `${id} if`,
      keyword: "if",
      at: path,
      exclusive: false,
      branches: [
        { raw: { allOf: [condition, consequence ?? true] }, path: at("then") },
        { raw: { allOf: [{ not: condition }, alternative ?? true] }, path: at("if") },
      ],
    },
  ];
}

/** Either the property is absent, or what it brings along holds. */
function dependencies({ id, path, keywords }: SchemaNode): readonly Union[] {
  const entries = (["dependentRequired", "dependentSchemas", "dependencies"] as const).flatMap((keyword) =>
    Object.entries(keywords[keyword] ?? {}).map(([name, needs]) => ({ keyword, name, needs })),
  );
  const saying = entries.filter(({ needs }) => needs !== true && !(Array.isArray(needs) && needs.length === 0));
  return saying.map(({ keyword, name, needs }) => {
    const at = joinPath(path, keyword, name);
    const consequence: RawSchema = Array.isArray(needs) ? { required: needs } : isSchema(needs) ? needs : true;
    return {
      key: `${id} ${keyword} ${name}`,
      trigger: name,
      keyword,
      at: path,
      exclusive: false,
      branches: [
        { raw: { properties: { [name]: false } }, path: at },
        { raw: consequence, path: at },
      ],
    };
  });
}

function isSchema(value: unknown): value is RawSchema {
  return typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value));
}
