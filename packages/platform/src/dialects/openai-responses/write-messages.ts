import { ApiError } from "@bonfire/protocol/errors";
import type { Item, ItemPart, MessageItem } from "@bonfire/protocol/response-items";
import type { ChatMessage, ContentPart, ToolCall } from "../../engine/generation.ts";
import type { PlacedItem } from "./read-items.ts";

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>;

/**
 * The conversation that items tell. What a model said in one turn (its thoughts, its text, its calls) becomes one message; system messages at
 * the beginning become one, since many templates take one only.
 * @throws ApiError where the output of a call belongs to no call.
 */
export function writeMessages(instructions: string | undefined, items: readonly PlacedItem[]): ChatMessage[] {
  const messages: ChatMessage[] = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  const callNames = new Map<string, string>();
  for (const placed of items) {
    const { item } = placed;
    const last = messages.at(-1);
    switch (item.type) {
      case "message":
        addMessage(messages, item, placed);
        break;
      case "reasoning": {
        const reasoning = thoughtsOf(item);
        if (reasoning !== "") messages.push({ role: "assistant", content: "", reasoning });
        break;
      }
      case "function_call": {
        callNames.set(item.call_id, item.name);
        const call: ToolCall = { id: item.call_id, name: item.name, arguments: item.arguments };
        if (last?.role === "assistant") messages[messages.length - 1] = { ...last, toolCalls: [...(last.toolCalls ?? []), call] };
        else messages.push({ role: "assistant", content: "", toolCalls: [call] });
        break;
      }
      case "function_call_output": {
        const name = callNames.get(item.call_id);
        if (name === undefined) {
          const message = `No tool call found for function call output with call_id ${item.call_id}.`;
          throw new ApiError("invalid_value", message, { param: placeIn(placed, "call_id") });
        }
        messages.push({ role: "tool", toolCallId: item.call_id, content: joinTexts(item.output), name });
        break;
      }
    }
  }
  return messages;
}

function addMessage(messages: ChatMessage[], { role, content }: MessageItem, placed: PlacedItem): void {
  const last = messages.at(-1);
  if (role === "user") messages.push({ role, content: readContent(content, placed) });
  else if (role === "assistant") {
    const text = joinTexts(content);
    if (last?.role === "assistant" && isThoughtOnly(last)) messages[messages.length - 1] = { ...last, content: text };
    else messages.push({ role, content: text });
  } else {
    const text = joinTexts(content);
    const isLeading = messages.length === 1 && last?.role === "system";
    if (isLeading) messages[0] = { ...last, content: `${last.content}\n\n${text}` };
    else messages.push({ role: "system", content: text });
  }
}

function isThoughtOnly({ content, toolCalls }: AssistantMessage): boolean {
  return content === "" && toolCalls === undefined;
}

function thoughtsOf({ content, summary }: Extract<Item, { type: "reasoning" }>): string {
  return (content.length > 0 ? content : summary).map(({ text }) => text).join("\n");
}

/** Texts are joined by line breaks, as in chat completions; with pictures between them they stay apart. */
function readContent(parts: readonly ItemPart[], placed: PlacedItem): string | ContentPart[] {
  if (!parts.some(({ type }) => type === "input_image")) return joinTexts(parts);
  return parts.map((part, index): ContentPart => {
    if (part.type !== "input_image") return { kind: "text", text: textOf(part) };
    const detail = part.detail === "original" ? "high" : part.detail;
    const param = placeIn(placed, `content[${index}].image_url`);
    return { kind: "image", source: { kind: "url", url: part.image_url ?? "", detail }, param };
  });
}

function joinTexts(content: string | readonly ItemPart[]): string {
  return typeof content === "string" ? content : content.map(textOf).join("\n");
}

function textOf(part: ItemPart): string {
  if (part.type === "input_image") return "";
  return part.type === "refusal" ? part.refusal : part.text;
}

/** The client has no place for what lies inside of something stored. */
function placeIn({ param, isStored }: PlacedItem, rest: string): string {
  return isStored === true ? param : `${param}.${rest}`;
}
