import { describe, expect, it } from "vitest";
import type { ChatMessage, ToolUse } from "../../engine/generation.ts";
import { declareTools } from "./declare-tools.ts";

const tool = (name: string) => ({ name, description: `does ${name}`, parameters: { type: "object" }, strict: false, param: "tools[0]" });
const TOOLS: ToolUse = { definitions: [tool("a"), tool("b")], choice: "auto", parallel: true };
const USER: ChatMessage = { role: "user", content: "Hi" };

describe("declareTools", () => {
  it("declares the tools in a system message of their own", () => {
    const [system, user] = declareTools([USER], TOOLS);
    expect(system).toMatchObject({ role: "system" });
    expect(system?.content).toContain('{"type":"function","function":{"name":"a","description":"does a","parameters":{"type":"object"}}}');
    expect(user).toEqual(USER);
  });

  it("adds them to the system's words where there are any", () => {
    const [system] = declareTools([{ role: "system", content: "Be kind." }, USER], TOOLS);
    expect(system?.content).toMatch(/^Be kind\.\n\n# Tools/);
  });

  it("declares only those that may be called, and none where none may", () => {
    expect(JSON.stringify(declareTools([USER], { ...TOOLS, allowed: ["b"] }))).not.toContain("does a");
    expect(declareTools([USER], { ...TOOLS, choice: "none" })).toEqual([USER]);
  });

  it("writes calls and their results as text, results of one turn together", () => {
    const messages: ChatMessage[] = [
      USER,
      {
        role: "assistant",
        content: "",
        toolCalls: [
          { id: "1", name: "a", arguments: '{"x": 1}' },
          { id: "2", name: "b", arguments: "broken" },
        ],
      },
      { role: "tool", toolCallId: "2", content: "two" },
      { role: "tool", toolCallId: "1", content: "one" },
      { role: "user", content: "And?" },
    ];
    expect(declareTools(messages, undefined)).toEqual([
      USER,
      {
        role: "assistant",
        content:
          '<tool_call>\n{"name": "a", "arguments": {"x": 1}}\n</tool_call>\n<tool_call>\n{"name": "b", "arguments": "broken"}\n</tool_call>',
      },
      { role: "user", content: "<tool_response>\ntwo\n</tool_response>\n<tool_response>\none\n</tool_response>" },
      { role: "user", content: "And?" },
    ]);
  });
});
