import { createHash } from "node:crypto";
import type { ChatMessage } from "../../engine/generation.ts";
import type { MessageRules } from "./upstream-profile.ts";

/** A conversation in the form that an upstream accepts; ids of calls that came from elsewhere stay the same from turn to turn. */
export function spellMessages(messages: readonly ChatMessage[], { toolNames, callIds }: MessageRules): readonly ChatMessage[] {
  if (toolNames && callIds === undefined) return messages;
  const spellId = (id: string): string => (callIds === undefined || callIds.accepted.test(id) ? id : hashed(id, callIds.length));
  return messages.map((message): ChatMessage => {
    if (message.role === "tool") {
      const { name, ...rest } = message;
      const spelt = { ...rest, toolCallId: spellId(message.toolCallId) };
      return toolNames && name !== undefined ? { ...spelt, name } : spelt;
    }
    if (message.role !== "assistant" || message.toolCalls === undefined) return message;
    return { ...message, toolCalls: message.toolCalls.map((call) => ({ ...call, id: spellId(call.id) })) };
  });
}

/** Digits and letters, as many as are wanted, up to 64. */
function hashed(id: string, length: number): string {
  return createHash("sha256").update(id).digest("hex").slice(0, length);
}
