import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatMessage, Prompt, ToolUse } from "../engine/generation.ts";
import { beginningOf, estimatePromptTokens } from "./prompt-text.ts";

const chat = (...messages: ChatMessage[]): Prompt => ({ kind: "chat", messages });
const user = (content: string): ChatMessage => ({ role: "user", content });
const TOOLS: ToolUse = {
  definitions: [{ name: "weather", description: "Tells it.", parameters: { type: "object" }, strict: false, param: "tools[0]" }],
  choice: "auto",
  parallel: true,
};

describe("the tokens of a prompt, as they are estimated,", () => {
  it.each<[string, Prompt, number]>([
    ["a quarter of a text's characters, rounded up", { kind: "text", text: "12345" }, 2],
    ["counted where it is tokens", { kind: "tokens", tokens: [1, 2, 3] }, 3],
    [
      "those of roles and contents",
      chat(user("1234"), { role: "assistant", content: "1234567", reasoning: "123" }),
      (4 + 4 + 9 + 10) / 4 + 0.25,
    ],
  ])("are %s", (_, prompt, tokens) => {
    expect(estimatePromptTokens({ prompt })).toBe(tokens);
  });

  it("count calls and declared tools, which are part of the prompt", () => {
    const calls = chat({ role: "assistant", content: "", toolCalls: [{ id: "1", name: "weather", arguments: "x".repeat(400) }] });
    expect(estimatePromptTokens({ prompt: calls })).toBeGreaterThan(100);
    expect(estimatePromptTokens({ prompt: chat(user("")), tools: TOOLS })).toBeGreaterThan(
      estimatePromptTokens({ prompt: chat(user("")) }),
    );
    expect(estimatePromptTokens({ prompt: chat(user("")), tools: { ...TOOLS, choice: "none" } })).toBe(1);
  });

  it("do not count pictures", () => {
    const picture = { kind: "image", source: { kind: "bytes", mediaType: "image/png", base64: "a".repeat(10_000) }, param: "p" } as const;
    expect(estimatePromptTokens({ prompt: chat({ role: "user", content: [{ kind: "text", text: "1234" }, picture] }) })).toBe(2);
  });
});

describe("what a prompt begins with", () => {
  it("grows at its end as the conversation does", () => {
    const messages = fc.array(
      fc.record({ role: fc.constantFrom("user" as const, "system" as const, "assistant" as const), content: fc.string() }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(messages, messages, fc.boolean(), (earlier, later, hasTools) => {
        const tools = hasTools ? { tools: TOOLS } : {};
        const before = beginningOf({ prompt: chat(...earlier), ...tools });
        expect(beginningOf({ prompt: chat(...earlier, ...later), ...tools }).startsWith(before)).toBe(true);
      }),
    );
  });

  it("has tools before everything else, as templates have them", () => {
    expect(beginningOf({ prompt: chat(user("hi")), tools: TOOLS })).toBe('weather Tells it. {"type":"object"}\nuser\nhi\n');
  });

  it("tells pictures apart that begin alike", () => {
    const withPicture = (base64: string) =>
      beginningOf({
        prompt: chat({ role: "user", content: [{ kind: "image", source: { kind: "bytes", mediaType: "image/png", base64 }, param: "p" }] }),
      });
    expect(withPicture(`${"A".repeat(100)}x`)).not.toBe(withPicture(`${"A".repeat(100)}y`));
  });

  it.each<[string, Prompt]>([
    ["a text", { kind: "text", text: "a".repeat(1_000_000) }],
    ["tokens", { kind: "tokens", tokens: Array.from({ length: 500_000 }, () => 151_000) }],
    ["a conversation", chat(...Array.from({ length: 100 }, () => user("a".repeat(10_000))))],
  ])("is bounded for %s", (_, prompt) => {
    expect(beginningOf({ prompt }).length).toBeLessThanOrEqual(131_072);
  });
});
