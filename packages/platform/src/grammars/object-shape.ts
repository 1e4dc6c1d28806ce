import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";
import { conjunctionOf } from "./schema-conjunction.ts";
import { satisfies } from "./schema-evaluation.ts";
import { patternFinds } from "./schema-pattern.ts";
import type { ReportShortfall } from "./shortfall.ts";

/** The names that schemas speak of, in the order in which they are declared; required ones that nobody declares come last. */
export function declaredNames(nodes: readonly SchemaNode[]): ReadonlySet<string> {
  return new Set([...nodes.flatMap(({ keywords }) => Object.keys(keywords.properties ?? {})), ...requiredNames(nodes)]);
}

export function requiredNames(nodes: readonly SchemaNode[]): ReadonlySet<string> {
  return new Set(nodes.flatMap(({ keywords }) => keywords.required ?? []));
}

/**
 * Whether answers have the declared properties alone: wherever any are declared. `properties: {}` declares that there are none, which is
 * what tools without parameters send, unless other keywords speak of further ones.
 */
export function hasOnlyDeclared(nodes: readonly SchemaNode[]): boolean {
  if (declaredNames(nodes).size > 0) return true;
  const speaksOfOthers = nodes.some(
    ({ keywords: { additionalProperties, patternProperties, minProperties = 0 } }) =>
      typeof additionalProperties === "object" || patternProperties !== undefined || minProperties > 0,
  );
  return !speaksOfOthers && nodes.some(({ keywords }) => keywords.properties !== undefined);
}

/** All schemas that hold of one property. */
export function schemasOfProperty(
  name: string,
  nodes: readonly SchemaNode[],
  document: SchemaDocument,
  reportShortfall: ReportShortfall,
): readonly SchemaNode[] {
  const isDeclared = (): boolean => nodes.some(({ keywords }) => Object.hasOwn(keywords.properties ?? {}, name));
  return nodes.flatMap((node) => {
    const { properties = {}, patternProperties = {}, additionalProperties, unevaluatedProperties } = node.keywords;
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const found: SchemaNode[] = own === undefined ? [] : [document.node(own, document.pathBelow(node, "properties", name))];
    for (const [pattern, schema] of Object.entries(patternProperties)) {
      const verdict = patternFinds(pattern, name);
      if (verdict === undefined)
        reportShortfall("patternProperties", node.path, `Whether \`${pattern}\` is found in \`${name}\` cannot be told.`);
      if (verdict === true) found.push(document.node(schema, document.pathBelow(node, "patternProperties", pattern)));
    }
    if (found.length > 0) return found;
    if (additionalProperties !== undefined) return [document.node(additionalProperties, document.pathBelow(node, "additionalProperties"))];
    const isUnevaluated = unevaluatedProperties !== undefined && !isDeclared();
    return isUnevaluated ? [document.node(unevaluatedProperties, document.pathBelow(node, "unevaluatedProperties"))] : [];
  });
}

/** Whether `propertyNames` allows a name; undefined when that cannot be told. */
export function isAllowedName(name: string, nodes: readonly SchemaNode[], document: SchemaDocument): boolean | undefined {
  const schemas = nameSchemas(nodes, document);
  return schemas.length === 0 ? true : satisfies(name, conjunctionOf(document, schemas));
}

export function nameSchemas(nodes: readonly SchemaNode[], document: SchemaDocument): readonly SchemaNode[] {
  return nodes.flatMap((node) => {
    const { propertyNames } = node.keywords;
    return propertyNames === undefined ? [] : [document.node(propertyNames, document.pathBelow(node, "propertyNames"))];
  });
}
