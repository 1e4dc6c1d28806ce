import { SchemaError } from "./grammar-errors.ts";
import { inPlaceSchemas } from "./in-place-schemas.ts";
import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";

/** Finds schemas that are defined by themselves alone, as `{"$ref": "#"}`: no validator would come to an end either. */
export class CycleCheck {
  readonly #finite = new Set<number>();

  constructor(private readonly document: SchemaDocument) {}

  /** @throws SchemaError that names the cycle's reference */
  assertFinite(start: SchemaNode): void {
    const onPath = new Set<number>();
    const path = [{ node: start, leaving: false }];
    for (let step = path.pop(); step !== undefined; step = path.pop()) {
      const { node, leaving } = step;
      if (leaving) {
        onPath.delete(node.id);
        this.#finite.add(node.id);
      } else if (onPath.has(node.id)) {
        throw new SchemaError(
          `The schema at \`${node.path || "#"}\` is defined by itself alone: its references lead back to it.`,
          node.path,
        );
      } else if (!this.#finite.has(node.id)) {
        onPath.add(node.id);
        path.push({ node, leaving: true }, ...inPlaceSchemas(this.document, node).map((next) => ({ node: next, leaving: false })));
      }
    }
  }
}
