import { addCalls } from "../../dialects/prompted-tools/call-grammar.ts";
import { callableTools } from "../../dialects/prompted-tools/declare-tools.ts";
import { addTextUntil } from "../../dialects/prompted-tools/text-until.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateRequest, JsonSchema, OutputFormat, ToolDefinition } from "../../engine/generation.ts";
import { type CheckedGbnf, checkGbnf, checkPatterns } from "../../grammars/check-gbnf.ts";
import { GrammarBuilder } from "../../grammars/grammar-builder.ts";
import { GrammarTooLargeError, RegexError, SchemaError } from "../../grammars/grammar-errors.ts";
import { choice, type Expression, literal, optional, repeat, sequence } from "../../grammars/grammar-expression.ts";
import { addJsonObject } from "../../grammars/json-grammar.ts";
import { addJsonSchema } from "../../grammars/json-schema-grammar.ts";
import { GbnfError } from "../../grammars/read-gbnf.ts";
import { addRegex } from "../../grammars/regex-grammar.ts";
import type { Shortfall } from "../../grammars/shortfall.ts";
import { THINK_BEGIN, THINK_END, type Thinking } from "./think-splitter.ts";

export interface AnswerGrammar {
  /** GBNF of the whole answer; undefined where it is free. */
  readonly gbnf: (thinking: Thinking) => string | undefined;
  /** What of the formats is not enforced, for people: `not at properties.age.not`. */
  readonly unenforced: readonly string[];
  /** Whether calls are to be read out of the text. */
  readonly hasCalls: boolean;
}

/** @throws EngineError for what is no schema, pattern or grammar, and for what is strict and cannot be enforced */
export function answerGrammar({ format, tools }: Pick<GenerateRequest, "format" | "tools">): AnswerGrammar {
  const callable = tools === undefined || tools.choice === "none" ? [] : callableTools(tools);
  if (callable.length === 0 && format === undefined) return { gbnf: () => undefined, unenforced: [], hasCalls: false };
  const first = build("none");
  const built = new Map<Thinking, string>([["none", first.gbnf]]);
  return {
    gbnf: (thinking) => {
      const known = built.get(thinking) ?? build(thinking).gbnf;
      built.set(thinking, known);
      return known;
    },
    unenforced: first.unenforced,
    hasCalls: callable.length > 0,
  };

  function build(thinking: Thinking): { readonly gbnf: string; readonly unenforced: readonly string[] } {
    const composer = new AnswerComposer();
    const mayAnswer = tools === undefined || callable.length === 0 || tools.choice === "auto";
    const formatted = format !== undefined && mayAnswer ? composer.addFormat(format) : undefined;
    const calls = tools === undefined || callable.length === 0 ? undefined : composer.addTools(callable, tools.parallel);
    const answer =
      calls === undefined
        ? (formatted ?? literal(""))
        : formatted !== undefined
          ? choice(calls.calls, formatted)
          : mayAnswer
            ? calls.wordsAndCalls()
            : calls.calls;
    return { gbnf: composer.finish(answer, thinking), unenforced: composer.unenforced };
  }
}

/** One grammar out of formats, tools and thoughts. */
class AnswerComposer {
  readonly unenforced: string[] = [];
  readonly #grammar = new GrammarBuilder();
  /** A grammar of the client's, which is taken over as it is, apart from its rules' names. */
  #given: { readonly gbnf: CheckedGbnf; readonly names: ReadonlyMap<string, string>; readonly root: string } | undefined;
  #param = "response_format";
  /** A client's own patterns are among the rules. */
  #hasPatterns = false;

  addFormat(format: OutputFormat): Expression {
    this.#param = format.param;
    switch (format.kind) {
      case "json-object":
        return addJsonObject(this.#grammar);
      case "json-schema": {
        this.#hasPatterns ||= hasPattern(format.schema);
        const { rule, shortfalls } = asRefusal(format.param, () => addJsonSchema(this.#grammar, format.schema));
        this.#note(shortfalls, format.strict, format.param, "The schema");
        return rule;
      }
      case "regex":
        this.#hasPatterns = true;
        return asRefusal(format.param, () => addRegex(this.#grammar, format.pattern));
      case "grammar":
        return this.#addGiven(asRefusal(format.param, () => checkGbnf(format.gbnf)));
    }
  }

  addTools(tools: readonly ToolDefinition[], isParallel: boolean) {
    this.#param = "tools";
    this.#hasPatterns ||= tools.some(({ parameters }) => hasPattern(parameters));
    const added = addCalls(this.#grammar, tools, isParallel, (tool, work) => asRefusal(tool.param, work));
    for (const { tool, shortfall } of added.shortfalls) this.#note([shortfall], tool.strict, tool.param, `The tool ${tool.name}`);
    return added;
  }

  finish(answer: Expression, thinking: Thinking): string {
    const given = this.#given;
    if (given !== undefined && thinking === "none" && answer.kind === "rule" && answer.name === given.root) return given.gbnf.text;
    return asRefusal(this.#param, () => {
      const text = this.#grammar.toGbnf(this.#afterThoughts(answer, thinking));
      if (this.#hasPatterns) checkPatterns(text);
      if (given === undefined) return text;
      const ours = text.split("\n").filter((line) => !line.startsWith(`${given.root} ::= `));
      return `${ours.join("\n")}\n${given.gbnf.renamed(given.names)}`;
    });
  }

  #afterThoughts(answer: Expression, thinking: Thinking): Expression {
    if (thinking === "none") return answer;
    const rest = sequence(repeat(literal("\n"), 0, 2), answer);
    const thoughts = addTextUntil(this.#grammar, { mark: THINK_END, rest, mayEnd: false });
    return thinking === "open" ? thoughts : choice(answer, sequence(optional(literal("\n")), THINK_BEGIN, thoughts));
  }

  #addGiven(gbnf: CheckedGbnf): Expression {
    const names = new Map(gbnf.ruleNames.map((name) => [name, this.#grammar.reserve(`given-${name}`).name]));
    const root = names.get("root") ?? "root";
    this.#given = { gbnf, names, root };
    const rule = { kind: "rule", name: root } as const;
    // Stands for it until the text is complete.
    this.#grammar.define(rule, literal(root));
    return rule;
  }

  #note(shortfalls: readonly Shortfall[], strict: boolean, param: string, whose: string): void {
    for (const { keyword, path, reason } of shortfalls) {
      if (strict) {
        throw new EngineError("unsupported", `${whose} is strict, but "${keyword}" at ${path} cannot be enforced: ${reason}`, {
          param: `${param}.${path}`,
        });
      }
      this.unenforced.push(`${keyword} at ${path}`);
    }
  }
}

function hasPattern(schema: JsonSchema): boolean {
  return JSON.stringify(schema).includes('"pattern');
}

/** @param param where the client put what is compiled */
function asRefusal<Compiled>(param: string, compile: () => Compiled): Compiled {
  try {
    return compile();
  } catch (cause) {
    if (cause instanceof SchemaError) {
      const at = cause.path === "" ? param : `${param}.${cause.path}`;
      throw new EngineError("invalid-request", cause.message, { param: at, cause });
    }
    if (cause instanceof RegexError) {
      throw new EngineError("invalid-request", `${cause.message} (at character ${cause.offset} of the pattern)`, { param, cause });
    }
    if (cause instanceof GrammarTooLargeError || cause instanceof GbnfError) {
      throw new EngineError("invalid-request", cause.message, { param, cause });
    }
    throw cause;
  }
}
