import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../engine/generation.ts";
import { readTokenCountCall } from "./serving.ts";

function read(messages: readonly object[], system?: unknown): readonly ChatMessage[] {
  const { prompt } = readTokenCountCall({ model: "m", messages, system }).request;
  if (prompt.kind !== "chat") throw new Error("The prompt is no conversation.");
  return prompt.messages;
}

const user = (content: unknown): object => ({ role: "user", content });
const assistant = (content: unknown): object => ({ role: "assistant", content });
const text = (words: string): object => ({ type: "text", text: words });
const image = (data: string): object => ({ type: "image", source: { type: "base64", media_type: "image/png", data } });
const use = (id: string, input: object = {}): object => ({ type: "tool_use", id, name: `tool-${id}`, input });
const result = (id: string, content?: unknown, more: object = {}): object => ({ type: "tool_result", tool_use_id: id, content, ...more });
const picture = (data: string, param: string) => ({
  kind: "image",
  source: { kind: "url", url: `data:image/png;base64,${data}`, detail: "auto" },
  param,
});

describe("the turns of a conversation", () => {
  it("begin with the system's text, whole or in blocks", () => {
    expect(read([user("a")], "s")).toEqual([
      { role: "system", content: "s" },
      { role: "user", content: "a" },
    ]);
    expect(read([user("a")], [text("s"), text("t")])[0]).toEqual({ role: "system", content: "s\nt" });
  });

  it("are merged where one role speaks twice", () => {
    expect(read([user("a"), user([text("b"), text("c")]), assistant("d"), assistant("e"), user("f")])).toEqual([
      { role: "user", content: "a\nb\nc" },
      { role: "assistant", content: "d\ne" },
      { role: "user", content: "f" },
    ]);
  });

  it("may have a system's in the middle", () => {
    expect(read([user("a"), { role: "system", content: [text("s")] }])).toEqual([
      { role: "user", content: "a" },
      { role: "system", content: "s" },
    ]);
  });

  it("keep pictures between texts, as what a client sent or where it lies", () => {
    const remote = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
    expect(read([user([text("a"), text("b"), image("AAAA"), text("c")]), user([remote])])).toEqual([
      {
        role: "user",
        content: [
          { kind: "text", text: "a\nb" },
          picture("AAAA", "messages[0].content[2].source"),
          { kind: "text", text: "c" },
          {
            kind: "image",
            source: { kind: "url", url: "https://example.com/a.png", detail: "auto" },
            param: "messages[1].content[0].source",
          },
        ],
      },
    ]);
  });

  it("carry thoughts, calls and their results", () => {
    const thinking = { type: "thinking", thinking: "hm", signature: "" };
    const messages = [
      user("a"),
      assistant([thinking, text("b"), use("1", { city: "Bern" }), use("2")]),
      user([result("2", "r2"), result("1", [text("r"), text("1")]), text("c")]),
    ];
    expect(read(messages)).toEqual([
      { role: "user", content: "a" },
      {
        role: "assistant",
        content: "b",
        reasoning: "hm",
        toolCalls: [
          { id: "1", name: "tool-1", arguments: '{"city":"Bern"}' },
          { id: "2", name: "tool-2", arguments: "{}" },
        ],
      },
      { role: "tool", toolCallId: "2", name: "tool-2", content: "r2" },
      { role: "tool", toolCallId: "1", name: "tool-1", content: "r\n1" },
      { role: "user", content: "c" },
    ]);
  });

  it.each([
    [undefined, {}, ""],
    ["gone", { is_error: true }, "Error: gone"],
    ["fine", { is_error: false }, "fine"],
  ])("tell of a result %j with %j", (content, more, expected) => {
    expect(read([user("a"), assistant([use("1")]), user([result("1", content, more)])]).at(-1)).toMatchObject({
      role: "tool",
      content: expected,
    });
  });

  it("show the pictures of results in the message that follows them", () => {
    const messages = [user("a"), assistant([use("1")]), user([result("1", [text("seen"), image("AAAA")]), text("b")])];
    expect(read(messages).slice(2)).toEqual([
      { role: "tool", toolCallId: "1", name: "tool-1", content: "seen" },
      { role: "user", content: [picture("AAAA", "messages[2].content[0].content[1].source"), { kind: "text", text: "b" }] },
    ]);
  });

  it("hold no halves of characters", () => {
    expect(read([user("a\ud83d")])[0]).toEqual({ role: "user", content: "a\ufffd" });
  });

  it.each([
    ["the assistant has the last word", [user("a"), assistant("b")], "messages[1].role"],
    ["a call has no result", [user("a"), assistant([use("1")]), user("b")], "messages[1].content[0]"],
    ["a call has no result at the end", [user("a"), assistant([use("1")]), { role: "system", content: "b" }], "messages[1].content[0]"],
    ["a result has no call", [user("a"), assistant("b"), user([result("1")])], "messages[2].content[0].tool_use_id"],
    ["a call has two results", [user("a"), assistant([use("1")]), user([result("1"), result("1")])], "messages[2].content[1].tool_use_id"],
    ["a result comes late", [user("a"), assistant([use("1")]), user([text("b"), result("1")])], "messages[2].content[1]"],
    ["an id is there twice", [user("a"), assistant([use("1"), use("1")]), user([result("1")])], "messages[1].content[1].id"],
  ])("are refused where %s", (_, messages, param) => {
    expect(() => read(messages)).toThrow(expect.objectContaining({ code: "invalid_value", param }));
    expect(() => read(messages)).toThrow(ApiError);
  });
});
