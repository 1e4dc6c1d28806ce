import type { GrammarBuilder } from "./grammar-builder.ts";
import type { RuleReference } from "./grammar-expression.ts";
import type { SchemaDocument, SchemaNode } from "./json-schema-document.ts";
import type { ReportShortfall } from "./shortfall.ts";

/** What the compilers of the single types work with. */
export interface SchemaCompilation {
  readonly grammar: GrammarBuilder;
  readonly document: SchemaDocument;
  readonly reportShortfall: ReportShortfall;
  /** The rule of a value to which all of these schemas apply; any JSON value where there are none. */
  readonly ruleFor: (schemas: readonly SchemaNode[], hint: string) => RuleReference;
}
