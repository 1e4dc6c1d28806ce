import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, ContentPart, ToolCall } from "../../engine/generation.ts";

type Block = Readonly<Record<string, unknown>>;

interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly content: readonly Block[];
}

interface WrittenTurns {
  /** What stands before the conversation; absent where nothing does. */
  readonly system?: readonly Block[];
  readonly messages: readonly Turn[];
}

/**
 * A conversation in Anthropic's shape: results of calls open the user's turn, and what one side says in a row is one turn. System messages
 * at the beginning stand before the conversation, later ones where they were. @throws EngineError for arguments of a call that are no JSON
 * object, and for a picture whose bytes have not been fetched.
 */
export function writeTurns(messages: readonly ChatMessage[]): WrittenTurns {
  const first = messages.findIndex(({ role }) => role !== "system");
  const leading = messages.slice(0, first === -1 ? messages.length : first);
  const system = leading.flatMap(writeBlocks);
  const turns: { role: Turn["role"]; content: Block[] }[] = [];
  for (const message of messages.slice(leading.length)) {
    const role = message.role === "tool" ? "user" : message.role;
    const content = writeBlocks(message);
    const last = turns.at(-1);
    // Blocks of text may not be empty: an answer without a word leaves no turn.
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content: [...content] });
  }
  return { ...(system.length === 0 ? {} : { system }), messages: turns };
}

function writeBlocks(message: ChatMessage): readonly Block[] {
  switch (message.role) {
    case "system":
      return writeText(message.content);
    case "user":
      return typeof message.content === "string" ? writeText(message.content) : message.content.flatMap(writePart);
    case "tool":
      return [{ type: "tool_result", tool_use_id: message.toolCallId, content: message.content }];
    case "assistant":
      return [...writeText(message.content), ...(message.toolCalls ?? []).map(writeCall)];
  }
}

function writeText(text: string): readonly Block[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function writePart(part: ContentPart): readonly Block[] {
  if (part.kind === "text") return writeText(part.text);
  const { source, param } = part;
  if (source.kind === "url") throw new EngineError("invalid-request", "Engines take the bytes of an image, not its address.", { param });
  return [{ type: "image", source: { type: "base64", media_type: source.mediaType, data: source.base64 } }];
}

function writeCall({ id, name, arguments: text }: ToolCall): Block {
  return { type: "tool_use", id, name, input: readInput(name, text) };
}

function readInput(name: string, text: string): unknown {
  if (text.trim() === "") return {};
  const input = parseText(text);
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input;
  throw new EngineError("invalid-request", `The arguments of the call of '${name}' are no JSON object, which this model's API wants.`, {
    promptIsAtFault: true,
  });
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
