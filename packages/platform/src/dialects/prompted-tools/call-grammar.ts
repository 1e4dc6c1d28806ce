import type { ToolDefinition } from "../../engine/generation.ts";
import type { GrammarBuilder } from "../../grammars/grammar-builder.ts";
import { choice, EMPTY, type Expression, repeat, sequence } from "../../grammars/grammar-expression.ts";
import { addJsonSchema } from "../../grammars/json-schema-grammar.ts";
import type { Shortfall } from "../../grammars/shortfall.ts";
import { CALL_BEGIN, CALL_END, MOST_CALLS } from "./marks.ts";
import { addTextUntil } from "./text-until.ts";

interface CallGrammar {
  /** Calls and nothing else. */
  readonly calls: Expression;
  /** Any text, which may end with calls: a mark in it begins a call. */
  readonly wordsAndCalls: () => Expression;
  /** What of the tools' schemas is not enforced. */
  readonly shortfalls: readonly { readonly tool: ToolDefinition; readonly shortfall: Shortfall }[];
}

/**
 * Calls of these tools as the model has to write them: one, or several where that is allowed. @throws what `compile` throws for a tool whose
 * schema is none.
 */
export function addCalls(
  grammar: GrammarBuilder,
  tools: readonly ToolDefinition[],
  isParallel: boolean,
  compile: <Compiled>(tool: ToolDefinition, work: () => Compiled) => Compiled,
): CallGrammar {
  const shortfalls: { tool: ToolDefinition; shortfall: Shortfall }[] = [];
  const each = tools.map((tool) => {
    const parameters = compile(tool, () => addJsonSchema(grammar, { type: "object", ...tool.parameters }));
    for (const shortfall of parameters.shortfalls) shortfalls.push({ tool, shortfall });
    return grammar.addRule(`call-${tool.name}`, sequence(`${JSON.stringify(tool.name)}, "arguments": `, parameters.rule));
  });
  const afterMark = grammar.addRule("call", sequence('\n{"name": ', choice(...each), `}\n${CALL_END}`));
  const more = isParallel ? repeat(sequence(`\n${CALL_BEGIN}`, afterMark), 0, MOST_CALLS - 1) : EMPTY;
  return {
    calls: sequence(CALL_BEGIN, afterMark, more),
    wordsAndCalls: () => addTextUntil(grammar, { mark: CALL_BEGIN, rest: sequence(afterMark, more), mayEnd: true }),
    shortfalls,
  };
}
