import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../engine/generation.ts";
import { findProfile } from "./profiles.ts";
import { spellMessages } from "./spell-messages.ts";

const conversation = (id: string): readonly ChatMessage[] => [
  { role: "user", content: "hello" },
  { role: "assistant", content: "", toolCalls: [{ id, name: "f", arguments: "{}" }] },
  { role: "tool", toolCallId: id, content: "2", name: "f" },
];

function idsIn(messages: readonly ChatMessage[]): (string | undefined)[] {
  return messages.flatMap((message) =>
    message.role === "assistant" ? message.toolCalls?.map((call) => call.id) : message.role === "tool" ? [message.toolCallId] : [],
  );
}

describe("a conversation", () => {
  it("stays as it is for those who take any", () => {
    const messages = conversation("functions.f:0");
    expect(spellMessages(messages, findProfile("generic").messages)).toBe(messages);
  });

  it.each([
    ["mistral", /^[a-zA-Z0-9]{9}$/],
    ["anthropic", /^[a-zA-Z0-9_-]+$/],
  ])("has ids of calls that %s takes, the same for call and result", (name, accepted) => {
    const [call, result] = idsIn(spellMessages(conversation("functions.f:0"), findProfile(name).messages));
    expect(call).toMatch(accepted);
    expect(result).toBe(call);
    expect(idsIn(spellMessages(conversation("functions.f:1"), findProfile(name).messages))[0]).not.toBe(call);
  });

  it("keeps ids that are taken as they are", () => {
    expect(idsIn(spellMessages(conversation("abcdef123"), findProfile("mistral").messages))).toEqual(["abcdef123", "abcdef123"]);
  });

  it("has no names at results where they are refused", () => {
    expect(spellMessages(conversation("c"), findProfile("groq").messages).at(-1)).toEqual({ role: "tool", toolCallId: "c", content: "2" });
  });
});
