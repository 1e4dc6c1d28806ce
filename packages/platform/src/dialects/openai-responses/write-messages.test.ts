import type { InputItem } from "@bonfire/protocol/response-items";
import { item } from "@bonfire/protocol/response-items";
import { describe, expect, it } from "vitest";
import { readInput } from "./read-items.ts";
import { writeMessages } from "./write-messages.ts";

function messagesOf(input: string | InputItem[], instructions?: string) {
  return writeMessages(
    instructions,
    readInput(input, "input").flatMap((entry) => ("item" in entry ? [entry] : [])),
  );
}

const CALL: InputItem = { type: "function_call", call_id: "call_1", name: "look_up", arguments: '{"word":"fire"}' };
const OUTPUT: InputItem = { type: "function_call_output", call_id: "call_1", output: "hot" };

describe("writeMessages", () => {
  it("reads a text as a user's message, after the instructions", () => {
    expect(messagesOf("hi", "Be brief.")).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ]);
  });

  it("joins system messages at the beginning, of either name, and leaves later ones where they are", () => {
    const messages = messagesOf(
      [
        { role: "developer", content: "Be kind." },
        { role: "user", content: "hi" },
        { role: "system", content: "Now shout." },
      ],
      "Be brief.",
    );
    expect(messages).toEqual([
      { role: "system", content: "Be brief.\n\nBe kind." },
      { role: "user", content: "hi" },
      { role: "system", content: "Now shout." },
    ]);
  });

  it("makes one message of what a model thought, said and called", () => {
    const messages = messagesOf([
      { role: "user", content: "What is fire?" },
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "I look it up." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "One moment.", annotations: [] }] },
      CALL,
      { ...CALL, call_id: "call_2" },
      OUTPUT,
      {
        ...OUTPUT,
        call_id: "call_2",
        output: [
          { type: "input_text", text: "very" },
          { type: "input_text", text: "hot" },
        ],
      },
    ]);
    expect(messages).toEqual([
      { role: "user", content: "What is fire?" },
      {
        role: "assistant",
        content: "One moment.",
        reasoning: "I look it up.",
        toolCalls: ["call_1", "call_2"].map((id) => ({ id, name: "look_up", arguments: '{"word":"fire"}' })),
      },
      { role: "tool", toolCallId: "call_1", content: "hot", name: "look_up" },
      { role: "tool", toolCallId: "call_2", content: "very\nhot", name: "look_up" },
    ]);
  });

  it("keeps the thoughts of each round with its own calls", () => {
    const thought = (text: string): InputItem => ({ type: "reasoning", content: [{ type: "reasoning_text", text }] });
    const messages = messagesOf([thought("a"), CALL, OUTPUT, thought("b"), { role: "assistant", content: "done" }]);
    expect(messages).toMatchObject([
      { role: "assistant", reasoning: "a", toolCalls: [{ id: "call_1" }] },
      { role: "tool" },
      { role: "assistant", reasoning: "b", content: "done" },
    ]);
  });

  it("says nothing of thoughts that it cannot read", () => {
    expect(
      messagesOf([
        { type: "reasoning", summary: [], encrypted_content: "gAAA" },
        { role: "user", content: "hi" },
      ]),
    ).toEqual([{ role: "user", content: "hi" }]);
  });

  it("keeps parts apart where images stand between them", () => {
    const image = { type: "input_image" as const, image_url: "data:image/png;base64,AAAA", detail: "original" as const };
    const messages = messagesOf([{ role: "user", content: [{ type: "input_text", text: "What is this?" }, image] }]);
    expect(messages).toEqual([
      {
        role: "user",
        content: [
          { kind: "text", text: "What is this?" },
          {
            kind: "image",
            source: { kind: "url", url: "data:image/png;base64,AAAA", detail: "high" },
            param: "input[0].content[1].image_url",
          },
        ],
      },
    ]);
  });

  it("names the field that stands for what is stored, inside of which the client has no place", () => {
    const entries = readInput([{ role: "user", content: [{ type: "input_image", image_url: "https://example.com/a.png" }] }], "input");
    const stored = entries.flatMap((entry) => ("item" in entry ? [{ ...entry, param: "previous_response_id", isStored: true }] : []));
    expect(writeMessages(undefined, stored)).toMatchObject([{ content: [{ kind: "image", param: "previous_response_id" }] }]);
  });

  it("refuses the output of a call that nobody made", () => {
    expect(() => messagesOf([OUTPUT])).toThrow(expect.objectContaining({ code: "invalid_value", param: "input[0].call_id" }));
  });

  it("replaces halves of characters, which no engine takes", () => {
    expect(messagesOf("a\ud800b")).toEqual([{ role: "user", content: "a\ufffdb" }]);
  });
});

describe("items as they are kept", () => {
  it("have an id and a status, and can be sent again as they are", () => {
    const kept = readInput([{ role: "user", content: "hi" }, CALL, OUTPUT, { type: "reasoning", summary: [] }], "input");
    const items = kept.flatMap((entry) => ("item" in entry ? [item.parse(entry.item)] : []));
    expect(items.map(({ id }) => id.split("_")[0])).toEqual(["msg", "fc", "fc", "rs"]);
    expect(readInput(items, "input").map((entry) => "item" in entry && entry.item)).toEqual(items);
  });
});
