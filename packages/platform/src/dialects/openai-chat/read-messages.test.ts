import { chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../engine/generation.ts";
import { readMessages } from "./read-messages.ts";

function read(...messages: object[]): ChatMessage[] {
  return readMessages(parseRequest(chatCompletionRequest, { model: "m", messages }).messages);
}

const CALL = { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] };
const CALL_READ = { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "f", arguments: "{}" }] };
const PICTURE = { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } };

describe("readMessages", () => {
  it("joins text parts and reads the developer role as system", () => {
    const parts = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    expect(read({ role: "developer", content: parts }, { role: "user", content: "x", name: "ada" })).toEqual([
      { role: "system", content: "a\nb" },
      { role: "user", content: "x", name: "ada" },
    ]);
  });

  it.each(["system", "developer", "user", "assistant"])("takes content as parts from %s", (role) => {
    expect(read({ role, content: [{ type: "text", text: "a" }] })[0]).toMatchObject({ content: "a" });
  });

  it.each([
    ["null", { content: null }],
    ["empty", { content: "" }],
    ["absent", {}],
    ["no parts", { content: [] }],
  ])("takes a call whose content is %s", (_, content) => {
    const { content: __, ...call } = CALL;
    expect(read({ ...call, ...content })).toEqual([CALL_READ]);
  });

  it("takes an answer back as it was given", () => {
    const nothing = { refusal: null, audio: null, function_call: null, annotations: [], tool_calls: [] };
    const answer = { role: "assistant", content: "4", parsed: { sum: 4 }, ...nothing };
    expect(read({ ...answer, reasoning: "2+2", reasoning_content: "2+2" })).toEqual([
      { role: "assistant", content: "4", reasoning: "2+2" },
    ]);
  });

  it.each(["reasoning", "reasoning_content"])("reads earlier thoughts from %s", (name) => {
    expect(read({ role: "assistant", content: "4", [name]: "2+2" })[0]).toMatchObject({ reasoning: "2+2" });
  });

  it("reads a refusal as what was said", () => {
    expect(read({ role: "assistant", content: null, refusal: "No." })[0]).toEqual({ role: "assistant", content: "No." });
    expect(read({ role: "assistant", content: [{ type: "refusal", refusal: "No." }] })[0]).toEqual({ role: "assistant", content: "No." });
  });

  it("takes results of calls in any order, as text or as parts", () => {
    const calls = ["c1", "c2"].map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } }));
    const results = [
      { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "two" }] },
      { role: "tool", tool_call_id: "c1", content: "one" },
    ];
    expect(read({ role: "assistant", tool_calls: calls }, ...results).slice(1)).toEqual([
      { role: "tool", toolCallId: "c2", content: "two" },
      { role: "tool", toolCallId: "c1", content: "one" },
    ]);
  });

  it.each(["call_abc123", "0123456789abcdef01234567", "functions.f:0", "e3b0c442-98fc-1c14-9afb-f4c8996fb924"])(
    "takes the id %s, whoever made it",
    (id) => {
      const call = { role: "assistant", tool_calls: [{ id, type: "function", index: 0, function: { name: "f", arguments: "{}" } }] };
      expect(read(call, { role: "tool", tool_call_id: id, content: "x" })[1]).toMatchObject({ toolCallId: id });
    },
  );

  it("reads arguments that are an object, or nothing", () => {
    const call = (given: unknown) => read({ role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: given } }] });
    expect(call({ a: 1 })).toMatchObject([{ toolCalls: [{ arguments: '{"a":1}' }] }]);
    expect(call("")).toMatchObject([{ toolCalls: [{ arguments: "{}" }] }]);
  });

  it("reads function messages as results of the last call of that function", () => {
    const call = (text: string) => ({ role: "assistant", content: null, function_call: { name: "f", arguments: text } });
    const result = { role: "function", name: "f", content: "x" };
    const [first, , , second] = read(call('{"a":1}'), result, call('{"a":2}'), result);
    expect(first).toEqual({
      role: "assistant",
      content: "",
      toolCalls: [{ id: "call_0", name: "f", arguments: '{"a":1}' }],
    });
    expect(second).toEqual({ role: "tool", toolCallId: "call_2", content: "x", name: "f" });
  });

  it("keeps pictures in their place between texts", () => {
    const text = (value: string) => ({ type: "text", text: value });
    expect(read({ role: "user", content: [text("a"), text("b"), PICTURE, text("c")] })).toEqual([
      {
        role: "user",
        content: [
          { kind: "text", text: "a\nb" },
          {
            kind: "image",
            source: { kind: "url", url: "data:image/png;base64,AA==", detail: "low" },
            param: "messages[0].content[2].image_url",
          },
          { kind: "text", text: "c" },
        ],
      },
    ]);
  });

  it("takes a picture's address alone", () => {
    const [message] = read({ role: "user", content: [{ type: "image_url", image_url: "https://example.com/a.png" }] });
    expect(message?.content).toMatchObject([{ source: { kind: "url", url: "https://example.com/a.png", detail: "auto" } }]);
  });

  it("replaces half a surrogate pair, which engines refuse", () => {
    expect(read({ role: "user", content: "\ud83d!" })[0]?.content).toBe("\ufffd!");
  });

  it.each([
    ["a result without its call", [{ role: "tool", tool_call_id: "c9", content: "x" }], "messages[0].tool_call_id", "c9"],
    ["a result before its call", [{ role: "tool", tool_call_id: "c1", content: "x" }, CALL], "messages[0].tool_call_id", "c1"],
    ["the result of a function that was not called", [{ role: "function", name: "f", content: "x" }], "messages[0].name", '"f"'],
    ["a result that does not name its call", [CALL, { role: "tool", content: "x" }], "messages[1].tool_call_id", "Missing"],
    ["a picture of the assistant's", [{ role: "assistant", content: [PICTURE] }], "messages[0].content[0].image_url", "user messages"],
    ["sound", [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }], "messages[0].content[0].type", "input_audio"],
    ["a film", [{ role: "user", content: [{ type: "video_url", video_url: {} }] }], "messages[0].content[0].type", "video_url"],
    ["a file", [{ role: "user", content: [{ type: "file", file: {} }] }], "messages[0].content[0].type", "file"],
    ["Anthropic's blocks", [{ role: "user", content: [{ type: "tool_result" }] }], "messages[0].content[0].type", "/v1/messages"],
    ["parts of Responses", [{ role: "user", content: [{ type: "input_text" }] }], "messages[0].content[0].type", "/v1/responses"],
    ["what was spoken", [{ role: "assistant", content: null, audio: { id: "a" } }], "messages[0].audio", "audio"],
    ["an unknown part", [{ role: "user", content: [{ type: "smell" }] }], "messages[0].content[0].type", "smell"],
    [
      "another kind of call",
      [{ role: "assistant", tool_calls: [{ id: "c", type: "custom" }] }],
      "messages[0].tool_calls[0].type",
      "custom",
    ],
    ["a user who says nothing", [{ role: "user" }], "messages[0].content", "Missing"],
  ])("refuses %s and says where it stands", (_, messages, param, words) => {
    expect(() => read(...messages)).toThrow(expect.objectContaining({ param, status: 400, message: expect.stringContaining(words) }));
  });
});
