import { declareTools } from "../../dialects/prompted-tools/declare-tools.ts";
import type { ChatMessage, ReasoningOptions, ToolUse } from "../../engine/generation.ts";
import type { TemplateFacts } from "./template-facts.ts";

/** A conversation as the model's template can take it. */
export function fitToTemplate(
  messages: readonly ChatMessage[],
  { tools, reasoning }: { readonly tools?: ToolUse | undefined; readonly reasoning?: ReasoningOptions | undefined },
  facts: Pick<TemplateFacts, "takesSystem" | "takesTools">,
): readonly ChatMessage[] {
  const remembered = keepThoughts(messages, reasoning?.history);
  const declared = facts.takesTools ? remembered : declareTools(remembered, tools);
  return facts.takesSystem ? declared : foldSystem(declared);
}

/** `interleaved` keeps the thoughts since the last user message: those between calls of tools. */
function keepThoughts(messages: readonly ChatMessage[], history: ReasoningOptions["history"]): readonly ChatMessage[] {
  if (history === undefined || history === "preserved") return messages;
  const from = history === "disabled" ? messages.length : messages.findLastIndex(({ role }) => role === "user");
  return messages.map((message, index) => {
    if (message.role !== "assistant" || index > from) return message;
    const { reasoning: _, ...said } = message;
    return said;
  });
}

/** For a template without a system role: its words become the beginning of the user's. */
function foldSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const words = messages
    .flatMap((message) => (message.role === "system" ? [message.content] : []))
    .filter((text) => text !== "")
    .join("\n\n");
  const rest = messages.filter(({ role }) => role !== "system");
  if (words === "") return rest;
  const at = rest.findIndex(({ role }) => role === "user");
  const first = rest[at];
  if (first?.role !== "user") return [{ role: "user", content: words }, ...rest];
  const content =
    typeof first.content === "string"
      ? `${words}\n\n${first.content}`
      : [{ kind: "text" as const, text: `${words}\n\n` }, ...first.content];
  return rest.with(at, { ...first, content });
}

/**
 * A conversation without its oldest turn: what a user said, with the answers and calls that followed it. Never the system's words nor the last
 * user message with what follows. Undefined when there is nothing left to drop.
 */
export function withoutOldestTurn(messages: readonly ChatMessage[]): readonly ChatMessage[] | undefined {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const begin = messages.findIndex(({ role }) => role !== "system");
  if (begin < 0 || begin >= last) return undefined;
  const next = messages.findIndex(({ role }, index) => role === "user" && index > begin);
  return messages.filter(({ role }, index) => role === "system" || index < begin || index >= next);
}
