import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, ContentPart, ToolCall } from "../../engine/generation.ts";

/** Messages as OpenAI-like servers read them. @throws EngineError for a picture whose bytes have not been fetched. */
export function writeMessages(messages: readonly ChatMessage[]): Record<string, unknown>[] {
  return messages.map((message) => ({
    role: message.role,
    ...writeBody(message),
    ...(message.name === undefined ? {} : { name: message.name }),
  }));
}

function writeBody(message: ChatMessage): Record<string, unknown> {
  switch (message.role) {
    case "system":
      return { content: message.content };
    case "user":
      return { content: typeof message.content === "string" ? message.content : message.content.map(writePart) };
    case "tool":
      return { tool_call_id: message.toolCallId, content: message.content };
    case "assistant": {
      const { content, reasoning, toolCalls = [] } = message;
      // Some servers refuse an empty text beside calls, others a null without them.
      return {
        content: content === "" && toolCalls.length > 0 ? null : content,
        ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(writeCall) }),
      };
    }
  }
}

function writeCall({ id, name, arguments: text }: ToolCall): Record<string, unknown> {
  return { id, type: "function", function: { name, arguments: text } };
}

function writePart(part: ContentPart): Record<string, unknown> {
  if (part.kind === "text") return { type: "text", text: part.text };
  const { source, param } = part;
  if (source.kind === "url") throw new EngineError("invalid-request", "Engines take the bytes of an image, not its address.", { param });
  return { type: "image_url", image_url: { url: `data:${source.mediaType};base64,${source.base64}` } };
}
