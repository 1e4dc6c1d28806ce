import type { ToolDefinition, ToolUse } from "../../engine/generation.ts";

/**
 * Tools as OpenAI has them. Where only some of them may be called, the others are left out, which every server understands: OpenAI's own form
 * for that (`allowed_tools`) is read by few.
 */
export function writeTools({ definitions, choice, allowed, parallel }: ToolUse): Record<string, unknown> {
  const [only, ...others] = choice === "none" ? [] : (allowed ?? []);
  const isNamed = choice === "required" && only !== undefined && others.length === 0;
  const callable =
    allowed === undefined || choice === "none" || isNamed ? definitions : definitions.filter(({ name }) => allowed.includes(name));
  return {
    tools: callable.map(writeTool),
    tool_choice: isNamed ? { type: "function", function: { name: only } } : choice,
    // Everywhere the default is true, and some servers refuse the field.
    ...(parallel ? {} : { parallel_tool_calls: false }),
  };
}

function writeTool({ name, description, parameters, strict }: ToolDefinition): Record<string, unknown> {
  return {
    type: "function",
    function: { name, ...(description === undefined ? {} : { description }), parameters, ...(strict ? { strict } : {}) },
  };
}
