import { ApiError } from "@bonfire/protocol/errors";
import type { CountTokensRequest } from "@bonfire/protocol/messages";
import type { OutputFormat, ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { findSchemaProblem } from "../../json-schemas/schema-problem.ts";

type Tool = NonNullable<CountTokensRequest["tools"]>[number];

/** @throws ApiError where a schema is none, a name is there twice, or what is chosen is not declared. */
export function readToolUse({ tools, tool_choice: choice }: Pick<CountTokensRequest, "tools" | "tool_choice">): ToolUse | undefined {
  const definitions = (tools ?? []).map(readTool);
  const names = new Set<string>();
  for (const [index, { name }] of definitions.entries()) {
    if (names.has(name)) throw faulty(`tools[${index}].name`, `'${name}' is there twice`);
    names.add(name);
  }
  if (choice?.type === "tool" && !names.has(choice.name)) throw faulty("tool_choice.name", `'${choice.name}' is none of the tools`);
  if (definitions.length === 0) {
    if (choice?.type === "any") throw faulty("tool_choice", "there are no tools to choose from");
    return undefined;
  }
  const disabled = choice && choice.type !== "none" ? choice.disable_parallel_tool_use : undefined;
  // Who names a tool wants one call of it, unless the request says otherwise: a small model would repeat it up to its limit.
  const parallel = disabled === undefined || disabled === null ? choice?.type !== "tool" : !disabled;
  return {
    definitions,
    choice: choice ? CHOICES[choice.type] : "auto",
    ...(choice?.type === "tool" ? { allowed: [choice.name] } : {}),
    parallel,
  };
}

const CHOICES = { auto: "auto", any: "required", tool: "required", none: "none" } as const;

function readTool({ name, description, input_schema: parameters, strict }: Tool, index: number): ToolDefinition {
  const param = `tools[${index}].input_schema`;
  requireSchema(parameters, param);
  return { name, ...(description ? { description } : {}), parameters, strict: strict ?? false, param };
}

/** @throws ApiError where both names of the field are used, or the schema is none. */
export function readFormat({
  output_config: config,
  output_format: older,
}: Pick<CountTokensRequest, "output_config" | "output_format">): OutputFormat | undefined {
  if (config?.format && older) throw faulty("output_format", "it is the older name of 'output_config.format': send one of the two");
  const format = config?.format ?? older;
  if (!format) return undefined;
  const param = config?.format ? "output_config.format.schema" : "output_format.schema";
  requireSchema(format.schema, param);
  // Anthropic enforces it or refuses it.
  return { kind: "json-schema", schema: format.schema, strict: true, param };
}

function requireSchema(schema: unknown, at: string): void {
  const problem = findSchemaProblem(schema);
  if (problem !== undefined) throw faulty(problem.path === "" ? at : `${at}.${problem.path}`, problem.message);
}

function faulty(param: string, what: string): ApiError {
  return new ApiError("invalid_value", `Invalid value for '${param}': ${what}.`, { param });
}
