import type { ChatMessage, ToolCall, ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { CALL_BEGIN, CALL_END, RESULT_BEGIN, RESULT_END } from "./marks.ts";

/**
 * A conversation with tools, for a model whose chat template knows none: declarations become part of the system's words, calls and their
 * results become text. Results that follow each other become one turn, since many templates want turns to alternate.
 */
export function declareTools(messages: readonly ChatMessage[], tools: ToolUse | undefined): readonly ChatMessage[] {
  const plain = messages.reduce<ChatMessage[]>(foldMessage, []);
  const callable = tools === undefined || tools.choice === "none" ? [] : callableTools(tools);
  return callable.length === 0 ? plain : withSystemText(plain, describeTools(callable));
}

/** The tools that may be called. */
export function callableTools({ definitions, allowed }: ToolUse): readonly ToolDefinition[] {
  return allowed === undefined ? definitions : definitions.filter(({ name }) => allowed.includes(name));
}

function foldMessage(folded: ChatMessage[], message: ChatMessage): ChatMessage[] {
  if (message.role === "assistant" && message.toolCalls !== undefined) {
    const { toolCalls, ...words } = message;
    const calls = toolCalls.map(writeCall);
    return [...folded, { ...words, content: [...(message.content === "" ? [] : [message.content]), ...calls].join("\n") }];
  }
  if (message.role !== "tool") return [...folded, message];
  const result = `${RESULT_BEGIN}\n${message.content}\n${RESULT_END}`;
  const last = folded.at(-1);
  // Only a turn that is made of results itself.
  if (last?.role === "user" && typeof last.content === "string" && last.content.startsWith(RESULT_BEGIN)) {
    return [...folded.slice(0, -1), { ...last, content: `${last.content}\n${result}` }];
  }
  return [...folded, { role: "user", content: result }];
}

function writeCall({ name, arguments: text }: ToolCall): string {
  return `${CALL_BEGIN}\n{"name": ${JSON.stringify(name)}, "arguments": ${isJson(text) ? text : JSON.stringify(text)}}\n${CALL_END}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function withSystemText(messages: readonly ChatMessage[], text: string): readonly ChatMessage[] {
  const [first, ...rest] = messages;
  if (first?.role === "system") return [{ ...first, content: `${first.content}\n\n${text}` }, ...rest];
  return [{ role: "system", content: text }, ...messages];
}

function describeTools(definitions: readonly ToolDefinition[]): string {
  const signatures = definitions.map(({ name, description, parameters }) =>
    JSON.stringify({ type: "function", function: { name, ...(description === undefined ? {} : { description }), parameters } }),
  );
  return `# Tools

You may call one or more functions to assist with the user query. The functions are described within <tools></tools>:
<tools>
${signatures.join("\n")}
</tools>

For each call, return a JSON object with the function's name and its arguments within ${CALL_BEGIN}${CALL_END}:
${CALL_BEGIN}
{"name": <function-name>, "arguments": <arguments-json-object>}
${CALL_END}`;
}
