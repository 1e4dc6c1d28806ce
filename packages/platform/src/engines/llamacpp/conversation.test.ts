import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../engine/generation.ts";
import { fitToTemplate, withoutOldestTurn } from "./conversation.ts";

const SYSTEM: ChatMessage = { role: "system", content: "Be kind." };
const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string, reasoning?: string): ChatMessage => ({
  role: "assistant",
  content,
  ...(reasoning === undefined ? {} : { reasoning }),
});
const calling: ChatMessage = { role: "assistant", content: "", reasoning: "second", toolCalls: [{ id: "a", name: "f", arguments: "{}" }] };
const result: ChatMessage = { role: "tool", toolCallId: "a", content: "1" };

const ALL = { takesSystem: true, takesTools: true };

describe("withoutOldestTurn", () => {
  it("drops a question with its answer, its calls and their results, and keeps the system's words", () => {
    const turns = [SYSTEM, user("1"), calling, result, assistant("one"), user("2"), assistant("two"), user("3")];
    const fewer = withoutOldestTurn(turns);
    expect(fewer).toEqual([SYSTEM, user("2"), assistant("two"), user("3")]);
    expect(withoutOldestTurn(fewer ?? [])).toEqual([SYSTEM, user("3")]);
  });

  it("never drops the last question with what follows it", () => {
    expect(withoutOldestTurn([SYSTEM, user("3"), calling, result])).toBeUndefined();
    expect(withoutOldestTurn([SYSTEM])).toBeUndefined();
    expect(withoutOldestTurn([])).toBeUndefined();
  });

  it("drops what stands before the first question", () => {
    expect(withoutOldestTurn([assistant("Hello!"), user("1")])).toEqual([user("1")]);
  });
});

describe("fitToTemplate", () => {
  const turns = [user("1"), assistant("one", "first"), user("2"), calling, result];
  const thoughts = (messages: readonly ChatMessage[]) => messages.flatMap((message) => ("reasoning" in message ? [message.reasoning] : []));

  it.each([
    [undefined, ["first", "second"]],
    ["preserved", ["first", "second"]],
    ["interleaved", ["second"]],
    ["disabled", []],
  ] as const)("with history %s keeps the thoughts %j", (history, kept) => {
    const reasoning = history === undefined ? {} : { history };
    expect(thoughts(fitToTemplate(turns, { reasoning }, ALL))).toEqual(kept);
  });

  it("writes calls as text where the template knows none", () => {
    const [, , , call, answer] = fitToTemplate(turns, {}, { ...ALL, takesTools: false });
    expect(call).toMatchObject({ role: "assistant", content: expect.stringContaining("<tool_call>") });
    expect(answer).toMatchObject({ role: "user", content: expect.stringContaining("<tool_response>") });
  });

  it("puts the system's words before the user's where the template has no such role", () => {
    const facts = { ...ALL, takesSystem: false };
    expect(fitToTemplate([SYSTEM, user("Hi")], {}, facts)).toEqual([user("Be kind.\n\nHi")]);
    const parts = [{ kind: "text", text: "Hi" }] as const;
    expect(fitToTemplate([SYSTEM, { role: "user", content: parts }], {}, facts)).toEqual([
      { role: "user", content: [{ kind: "text", text: "Be kind.\n\n" }, ...parts] },
    ]);
    expect(fitToTemplate([SYSTEM], {}, facts)).toEqual([user("Be kind.")]);
  });
});
