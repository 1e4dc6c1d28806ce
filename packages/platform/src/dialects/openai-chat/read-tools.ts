import type { ChatCompletionRequest } from "@bonfire/protocol/chat-completions";
import type { FunctionDefinition, ToolChoice } from "@bonfire/protocol/chat-tools";
import { ApiError } from "@bonfire/protocol/errors";
import type { ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { readSchema } from "../openai-serving/request-format.ts";

type ToolBody = Pick<ChatCompletionRequest, "tools" | "tool_choice" | "parallel_tool_calls" | "functions" | "function_call">;
/** Which of the tools must or may be called. */
type Choice = Pick<ToolUse, "choice" | "allowed">;

/** @returns undefined where there are no tools. @throws ApiError that names the place. */
export function readTools(body: ToolBody): ToolUse | undefined {
  if (body.functions?.length) {
    if (body.tools?.length) throw invalid("functions", "'functions' is the older form of 'tools'; give one of them");
    const definitions = readDefinitions(body.functions, (index) => `functions[${index}]`);
    // The older form has room for one call only.
    return { definitions, ...readFunctionCall(body.function_call, definitions), parallel: false };
  }
  const definitions = readDefinitions(
    (body.tools ?? []).map((tool) => tool.function),
    (index) => `tools[${index}].function`,
  );
  // Together has `function_call` beside `tools`.
  const choice = body.tool_choice ? readToolChoice(body.tool_choice, definitions) : readFunctionCall(body.function_call, definitions);
  if (definitions.length === 0) {
    if (choice.choice === "required") throw invalid("tool_choice", "it is only allowed when 'tools' are given");
    return undefined;
  }
  // Whoever names one function wants one call of it.
  const isNamed = choice.choice === "required" && choice.allowed?.length === 1;
  return { definitions, ...choice, parallel: body.parallel_tool_calls ?? !isNamed };
}

function readDefinitions(functions: readonly FunctionDefinition[], paramOf: (index: number) => string): ToolDefinition[] {
  const names = new Set<string>();
  return functions.map(({ name, description, parameters, strict }, index) => {
    const place = paramOf(index);
    if (names.has(name)) throw invalid(`${place}.name`, `there are two tools with the name ${JSON.stringify(name)}`);
    names.add(name);
    const param = `${place}.parameters`;
    const schema = readSchema(parameters ?? { properties: {} }, param);
    if (schema.type !== undefined && schema.type !== "object") {
      throw invalid(
        `${param}.type`,
        `the parameters of a function are an object: expected "object", but got ${JSON.stringify(schema.type)}`,
      );
    }
    return {
      name,
      ...(description ? { description: description.toWellFormed() } : {}),
      parameters: { type: "object", ...schema },
      strict: strict ?? false,
      param,
    };
  });
}

function readToolChoice(choice: ToolChoice | null | undefined, definitions: readonly ToolDefinition[]): Choice {
  if (choice === null || choice === undefined) return { choice: "auto" };
  if (typeof choice === "string") return { choice: choice === "any" ? "required" : choice };
  if (choice.type === "allowed_tools") {
    const { mode, tools } = choice.allowed_tools;
    const allowed = tools.map((tool, index) =>
      requireDeclared(tool.function.name, definitions, `tool_choice.allowed_tools.tools[${index}].function.name`),
    );
    return { choice: mode, allowed: [...new Set(allowed)] };
  }
  const param = choice.function ? "tool_choice.function.name" : "tool_choice.name";
  const name = choice.function?.name ?? choice.name;
  if (!name) {
    const missing = "tool_choice.function.name";
    throw new ApiError("missing_required_parameter", `Missing required parameter: '${missing}'.`, { param: missing });
  }
  return { choice: "required", allowed: [requireDeclared(name, definitions, param)] };
}

function readFunctionCall(call: ToolBody["function_call"], definitions: readonly ToolDefinition[]): Choice {
  if (call === null || call === undefined) return { choice: "auto" };
  if (typeof call === "string") return { choice: call };
  return { choice: "required", allowed: [requireDeclared(call.name, definitions, "function_call.name")] };
}

function requireDeclared(name: string, definitions: readonly ToolDefinition[], param: string): string {
  if (definitions.some((definition) => definition.name === name)) return name;
  const known = definitions.map((definition) => JSON.stringify(definition.name)).join(", ");
  throw invalid(param, `there is no tool ${JSON.stringify(name)}${known === "" ? "" : ` among those given: ${known}`}`);
}

function invalid(param: string, problem: string): ApiError {
  return new ApiError("invalid_value", `Invalid value for '${param}': ${problem}.`, { param });
}
