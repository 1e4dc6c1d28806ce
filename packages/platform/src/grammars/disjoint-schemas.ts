import { enumeratedValues } from "./enumerated-grammar.ts";
import type { SchemaDocument } from "./json-schema-document.ts";
import { numberBounds } from "./number-bounds.ts";
import { declaredNames, hasOnlyDeclared, requiredNames, schemasOfProperty } from "./object-shape.ts";
import { type Conjunction, conjunctionOf } from "./schema-conjunction.ts";
import { satisfies } from "./schema-evaluation.ts";
import { answeredTypes, commonTypes, namedTypes } from "./schema-types.ts";

/** How far inside each other properties are compared. */
const DEEPEST_LOOK = 3;

/** Whether it can be shown that no answer which is written for one conjunction satisfies the other. */
export function neverSatisfies(written: Conjunction, other: Conjunction, document: SchemaDocument, depth = DEEPEST_LOOK): boolean {
  if (written.impossible || other.impossible) return true;
  const listed = enumeratedValues(written);
  if (listed !== undefined) return listed.values.every((value) => satisfies(value, other) === false || satisfies(value, written) === false);
  const types = answeredTypes(written.nodes);
  const common = commonTypes(types, namedTypes(other.nodes) ?? types);
  const otherListed = enumeratedValues(other);
  if (otherListed !== undefined) return otherListed.values.every((value) => satisfies(value, written) === false);
  return [...common].every((type) => {
    if (type === "integer" || type === "number") return areApart(written, other);
    return type === "object" && depth > 0 && objectsDiffer(written, other, document, depth);
  });
}

function areApart(written: Conjunction, other: Conjunction): boolean {
  const [a, b] = [numberBounds(written.nodes), numberBounds(other.nodes)];
  return isBelow(a.max, b.min) || isBelow(b.max, a.min);
}

function isBelow(max: ReturnType<typeof numberBounds>["max"], min: ReturnType<typeof numberBounds>["min"]): boolean {
  if (max === undefined || min === undefined) return false;
  return max.value < min.value || (max.value === min.value && (max.exclusive || min.exclusive));
}

function objectsDiffer(written: Conjunction, other: Conjunction, document: SchemaDocument, depth: number): boolean {
  const [writtenNames, writtenRequired] = [declaredNames(written.nodes), requiredNames(written.nodes)];
  const lacksRequired = hasOnlyDeclared(written.nodes) && [...requiredNames(other.nodes)].some((name) => !writtenNames.has(name));
  if (lacksRequired) return true;
  return [...writtenRequired].some((name) => {
    const schemasIn = ({ nodes }: Conjunction): Conjunction =>
      conjunctionOf(
        document,
        schemasOfProperty(name, nodes, document, () => undefined),
      );
    return neverSatisfies(schemasIn(written), schemasIn(other), document, depth - 1);
  });
}
