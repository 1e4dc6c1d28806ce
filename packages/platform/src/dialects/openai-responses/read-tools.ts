import { ApiError } from "@bonfire/protocol/errors";
import type { CreateResponseRequest, ResponseObject } from "@bonfire/protocol/responses";
import type { JsonSchema, OutputFormat, ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { findSchemaProblem } from "../../json-schemas/schema-problem.ts";

type Body = Pick<CreateResponseRequest, "tools" | "tool_choice" | "parallel_tool_calls" | "text">;

/** Without the object's parameters a function takes none. */
const NO_PARAMETERS: JsonSchema = { type: "object", properties: {} };

/** @throws ApiError that names the tool, the schema's place or the choice at fault. */
export function readTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Body): ToolUse | undefined {
  const definitions = (tools ?? []).map((tool, index): ToolDefinition => {
    const param = `tools[${index}].parameters`;
    if (tool.parameters) requireSchema(tool.parameters, param);
    return {
      name: tool.name,
      ...(tool.description ? { description: tool.description } : {}),
      parameters: tool.parameters ?? NO_PARAMETERS,
      strict: tool.strict ?? false,
      param,
    };
  });
  const names = definitions.map(({ name }) => name);
  const repeated = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (repeated !== -1) {
    throw new ApiError("invalid_value", `There are two tools with the name '${names[repeated]}'.`, { param: `tools[${repeated}].name` });
  }
  const chosen = readChoice(choice, names);
  return definitions.length === 0 ? undefined : { definitions, parallel: parallel ?? !isNamed(choice), ...chosen };
}

/** Who names a function wants one call of it, unless the request says otherwise: a small model would repeat it up to its limit. */
function isNamed(choice: Body["tool_choice"]): boolean {
  return typeof choice === "object" && choice?.type === "function";
}

function readChoice(choice: Body["tool_choice"], names: readonly string[]): Pick<ToolUse, "choice" | "allowed"> {
  if (choice === "none" || choice === "auto" || choice === null || choice === undefined) return { choice: choice ?? "auto" };
  if (names.length === 0) {
    throw new ApiError("invalid_value", "'tool_choice' asks for a tool, but 'tools' holds none.", { param: "tool_choice" });
  }
  if (choice === "required") return { choice };
  const { allowed, param } =
    choice.type === "function"
      ? { allowed: [choice.name], param: () => "tool_choice.name" }
      : { allowed: choice.tools.map(({ name }) => name), param: (index: number) => `tool_choice.tools[${index}].name` };
  const unknown = allowed.findIndex((name) => !names.includes(name));
  if (unknown !== -1) {
    throw new ApiError("invalid_value", `Tool choice '${allowed[unknown]}' not found in 'tools' parameter.`, { param: param(unknown) });
  }
  return { choice: choice.type === "function" ? "required" : choice.mode, allowed };
}

/** @throws ApiError that names the place in the schema. */
export function readFormat({ text }: Body): OutputFormat | undefined {
  const format = text?.format;
  if (!format || format.type === "text") return undefined;
  if (format.type === "json_object") return { kind: "json-object", param: "text.format" };
  requireSchema(format.schema, "text.format.schema");
  return {
    kind: "json-schema",
    schema: format.schema,
    strict: format.strict ?? false,
    name: format.name,
    ...(format.description ? { description: format.description } : {}),
    param: "text.format.schema",
  };
}

function requireSchema(schema: JsonSchema, param: string): void {
  const problem = findSchemaProblem(schema);
  if (problem === undefined) return;
  const place = problem.path === "" ? param : `${param}.${problem.path}`;
  throw new ApiError("invalid_value", `Invalid schema at '${place}': ${problem.message}.`, { param: place });
}

/** What the response says of tools and text: everything that was asked for, defaults filled in. */
export function echoTools(body: Body): Pick<ResponseObject, "tools" | "tool_choice" | "parallel_tool_calls" | "text"> {
  const format = body.text?.format;
  return {
    tools: (body.tools ?? []).map(({ type, name, description, parameters, strict }) => ({
      type,
      name,
      description: description ?? null,
      parameters: parameters ?? { ...NO_PARAMETERS },
      strict: strict ?? false,
    })),
    tool_choice: body.tool_choice ?? "auto",
    parallel_tool_calls: body.parallel_tool_calls ?? !isNamed(body.tool_choice),
    text: {
      format:
        format?.type === "json_schema"
          ? { ...format, description: format.description ?? null, strict: format.strict ?? false }
          : (format ?? { type: "text" }),
      verbosity: "medium",
    },
  };
}
