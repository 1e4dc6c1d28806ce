import { choice, type Expression, NEVER, sequence } from "./grammar-expression.ts";
import { everyInPlaceSchema } from "./in-place-schemas.ts";
import { addJsonObject, anyKey, KEY_SEPARATOR, separated } from "./json-grammar.ts";
import type { SchemaNode } from "./json-schema-document.ts";
import { jsonCharacters, jsonText } from "./json-string.ts";
import { declaredNames, hasOnlyDeclared, isAllowedName, nameSchemas, requiredNames, schemasOfProperty } from "./object-shape.ts";
import { type PropertyCounts, propertySequence } from "./property-sequence.ts";
import { regexExpression } from "./regex-grammar.ts";
import type { SchemaCompilation } from "./schema-compilation.ts";
import { readPattern } from "./schema-pattern.ts";

/** A JSON object: with the declared properties where there are any, else with any keys. */
export function objectExpression(nodes: readonly SchemaNode[], compilation: SchemaCompilation): Expression {
  const counts: PropertyCounts = {
    min: Math.max(0, ...nodes.map(({ keywords }) => keywords.minProperties ?? 0)),
    max: Math.min(...nodes.map(({ keywords }) => keywords.maxProperties ?? Number.POSITIVE_INFINITY)),
  };
  return hasOnlyDeclared(nodes) ? declaredObject(nodes, counts, compilation) : map(nodes, counts, compilation);
}

function declaredObject(nodes: readonly SchemaNode[], counts: PropertyCounts, compilation: SchemaCompilation): Expression {
  const { grammar, document, reportShortfall } = compilation;
  const required = requiredNames(nodes);
  reportUnevaluated(nodes, compilation);
  const properties = [...declaredNames(nodes)].flatMap((name) => {
    const isAllowed = isAllowedName(name, nodes, document);
    if (isAllowed === undefined)
      reportForAll(nodes, "propertyNames", `Whether it allows \`${name}\` is only known when the answer is validated.`, compilation);
    const key = jsonText(name);
    const isRequired = required.has(name);
    if (isAllowed === false || key === undefined) return isRequired ? [{ rule: grammar.addRule("impossible", NEVER), isRequired }] : [];
    const value = compilation.ruleFor(schemasOfProperty(name, nodes, document, reportShortfall), name);
    return [{ rule: grammar.addRule(`${name}-property`, sequence(key, KEY_SEPARATOR, value)), isRequired }];
  });
  if (properties.length < counts.min) {
    reportForAll(nodes, "minProperties", "Only declared properties are written, and there are fewer.", compilation);
    return sequence("{", propertySequence(grammar, properties, { ...counts, min: 0 }), "}");
  }
  return sequence("{", propertySequence(grammar, properties, counts), "}");
}

/** What a schema beside another declares is unevaluated for that one. */
function reportUnevaluated(nodes: readonly SchemaNode[], { document, reportShortfall }: SchemaCompilation): void {
  for (const node of nodes) {
    const { unevaluatedProperties } = node.keywords;
    if (unevaluatedProperties === undefined || unevaluatedProperties === true) continue;
    const below = everyInPlaceSchema(document, node);
    const evaluated = new Set(nodes.filter((other) => below.has(other)).flatMap(({ keywords }) => Object.keys(keywords.properties ?? {})));
    if (nodes.some(({ keywords }) => Object.keys(keywords.properties ?? {}).some((name) => !evaluated.has(name)))) {
      reportShortfall(
        "unevaluatedProperties",
        node.path,
        "Other schemas of the same value declare properties that count as unevaluated here.",
      );
    }
  }
}

function map(nodes: readonly SchemaNode[], { min, max }: PropertyCounts, compilation: SchemaCompilation): Expression {
  const { grammar } = compilation;
  const entry = entryOf(nodes, compilation);
  if (entry === undefined && min === 0 && max === Number.POSITIVE_INFINITY) return addJsonObject(grammar);
  if (min > 1) reportForAll(nodes, "minProperties", "A key may be written twice, and then counts once.", compilation);
  if (max < min) return NEVER;
  const rule = grammar.addRule("entry", entry ?? sequence(anyKey(grammar), KEY_SEPARATOR, compilation.ruleFor([], "value")));
  return sequence("{", separated(rule, min, max), "}");
}

/** A key and its value; undefined when they may be anything. */
function entryOf(nodes: readonly SchemaNode[], compilation: SchemaCompilation): Expression | undefined {
  const { document } = compilation;
  const names = nameSchemas(nodes, document);
  const patterns = nodes.flatMap((node) =>
    Object.entries(node.keywords.patternProperties ?? {}).map(([pattern, raw]) => ({ node, pattern, raw })),
  );
  const key = names.length === 0 ? anyKey(compilation.grammar) : nameRule(names, compilation);
  const others = otherValues(nodes, compilation);
  if (patterns.length === 0) {
    const isAnything = names.length === 0 && others.length === 0;
    return isAnything ? undefined : sequence(key, KEY_SEPARATOR, compilation.ruleFor(others, "value"));
  }
  if (patterns.length > 1 || names.length > 0) {
    reportForAll(nodes, "patternProperties", "A key may match several of the patterns and names, and only one is looked at.", compilation);
  }
  return choice(
    ...patterns.map(({ node, pattern, raw }) => {
      const path = document.pathBelow(node, "patternProperties", pattern);
      const { regex, reason } = readPattern(pattern, path);
      if (regex === undefined) compilation.reportShortfall("patternProperties", node.path, reason);
      const value = [
        document.node(raw, path),
        ...otherValues(
          nodes.filter((other) => other !== node),
          compilation,
        ),
      ];
      const matching =
        regex === undefined
          ? key
          : sequence(
              '"',
              regexExpression(regex, (ranges) => jsonCharacters(compilation.grammar, ranges)),
              '"',
            );
      return sequence(matching, KEY_SEPARATOR, compilation.ruleFor(value, "value"));
    }),
  );
}

/** The schemas of properties that nobody declares. */
function otherValues(nodes: readonly SchemaNode[], { document }: SchemaCompilation): readonly SchemaNode[] {
  return nodes.flatMap((node) => {
    const { additionalProperties, unevaluatedProperties } = node.keywords;
    const raw = additionalProperties ?? unevaluatedProperties;
    const keyword = additionalProperties === undefined ? "unevaluatedProperties" : "additionalProperties";
    return raw === undefined || raw === true ? [] : [document.node(raw, document.pathBelow(node, keyword))];
  });
}

/** A string, whatever else the schemas of names say. */
function nameRule(names: readonly SchemaNode[], compilation: SchemaCompilation): Expression {
  const path = names[0]?.path ?? "";
  return compilation.ruleFor([...names, compilation.document.node(STRING, path)], "key");
}

const STRING = { type: "string" } as const;

function reportForAll(
  nodes: readonly SchemaNode[],
  keyword: "propertyNames" | "minProperties" | "patternProperties",
  reason: string,
  { reportShortfall }: SchemaCompilation,
): void {
  for (const { path, keywords } of nodes) if (keywords[keyword] !== undefined) reportShortfall(keyword, path, reason);
}
