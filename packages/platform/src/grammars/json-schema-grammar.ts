import { GrammarBuilder } from "./grammar-builder.ts";
import { GrammarTooLargeError, RegexError, SchemaError } from "./grammar-errors.ts";
import type { RuleReference } from "./grammar-expression.ts";
import { SchemaCompiler } from "./json-schema-compiler.ts";
import { SchemaDocument } from "./json-schema-document.ts";
import type { Shortfall } from "./shortfall.ts";

export interface CompiledGrammar {
  /** GBNF with the rule `root`. */
  readonly grammar: string;
  /** What an answer may still get wrong; empty: every answer that ends is valid. */
  readonly shortfalls: readonly Shortfall[];
}

export interface AddedSchema {
  readonly rule: RuleReference;
  readonly shortfalls: readonly Shortfall[];
}

/**
 * GBNF of the JSON texts that a schema allows, or of some of them: where a grammar cannot say exactly what a schema says it is narrower
 * if it can be, and otherwise wider, which is a shortfall.
 * @param schema JSON Schema 2020-12 or draft-07, as parsed from JSON
 * @throws SchemaError for a schema that is invalid, that nothing satisfies, or that is too large
 */
export function compileJsonSchema(schema: unknown): CompiledGrammar {
  return asSchemaErrors(() => {
    const grammar = new GrammarBuilder();
    const { rule, shortfalls } = addJsonSchema(grammar, schema);
    return { grammar: grammar.toGbnf(rule), shortfalls };
  });
}

/** The same as a rule of a larger grammar. */
export function addJsonSchema(grammar: GrammarBuilder, schema: unknown): AddedSchema {
  return asSchemaErrors(() => {
    const compiler = new SchemaCompiler(grammar, new SchemaDocument(schema));
    const rule = compiler.compile();
    return { rule, shortfalls: compiler.shortfalls() };
  });
}

function asSchemaErrors<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof GrammarTooLargeError) throw new SchemaError(`The schema is too large: ${error.message}`, "", { cause: error });
    if (error instanceof RegexError) throw new SchemaError(error.message, "", { cause: error });
    throw error;
  }
}
