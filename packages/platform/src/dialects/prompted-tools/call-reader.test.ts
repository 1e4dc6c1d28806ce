import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";
import { readPromptedCalls } from "./call-reader.ts";

const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0 };

async function* say(pieces: readonly string[], reason: FinishReason): AsyncGenerator<GenerateEvent> {
  for (const text of pieces) yield { type: "text-delta", choice: 0, text };
  yield { type: "choice-end", choice: 0, reason };
  yield { type: "end", usage };
}

async function read(pieces: readonly string[], reason: FinishReason = "stop") {
  let made = 0;
  const { choices } = await foldGeneration(readPromptedCalls(say(pieces, reason), () => `call_${made++}`));
  const [only] = choices;
  if (only === undefined) throw new Error("There is no choice.");
  return only;
}

const CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Prague}", "unit": "\\"c\\""}}\n</tool_call>';

describe("readPromptedCalls", () => {
  it("makes a call of what stands between the marks", async () => {
    expect(await read([CALL])).toMatchObject({
      text: "",
      finishReason: "tool_calls",
      toolCalls: [{ id: "call_0", name: "get_weather", arguments: '{"city": "Prague}", "unit": "\\"c\\""}' }],
    });
  });

  it("keeps the words before a call, without the blank space between", async () => {
    expect(await read([`Let me look. \n${CALL}`])).toMatchObject({ text: "Let me look.", toolCalls: [{ name: "get_weather" }] });
  });

  it("reads one call after another", async () => {
    const { toolCalls, text } = await read([`${CALL}\n${CALL.replace("get_weather", "other")}`]);
    expect(toolCalls.map(({ id, name }) => [id, name])).toEqual([
      ["call_0", "get_weather"],
      ["call_1", "other"],
    ]);
    expect(text).toBe("");
  });

  it("reads the same wherever the text was cut", async () => {
    const text = `A < b, so <tool \n ${CALL}\n${CALL}`;
    const whole = await read([text]);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(text.length)), async (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), text.length];
        const pieces = borders.slice(1).map((border, index) => text.slice(borders[index], border));
        expect(await read(pieces)).toEqual(whole);
      }),
    );
  });

  it("hands out the arguments as they come", async () => {
    const deltas: string[] = [];
    const pieces = ['<tool_call>\n{"name": "f", "arguments": {"a"', ': "b', 'c"}', "}\n</tool_call>"];
    for await (const event of readPromptedCalls(say(pieces, "stop"), () => "id")) {
      if (event.type === "tool-call-delta") deltas.push(event.arguments);
    }
    expect(deltas).toEqual(['{"a"', ': "b', 'c"}']);
  });

  it("says that the limit ended a call that was cut off", async () => {
    const cut = await read([CALL.slice(0, 50)], "length");
    expect(cut).toMatchObject({ finishReason: "length", toolCalls: [{ name: "get_weather" }] });
  });

  it.each([5, 11, 18])("says nothing of a call that the limit cut off after %d characters", async (length) => {
    const cut = await read([`${CALL}\n${CALL.slice(0, length)}`], "length");
    expect(cut).toMatchObject({ text: "", finishReason: "length", toolCalls: [{ name: "get_weather" }] });
    expect(await read([CALL.slice(0, length)], "length")).toMatchObject({ text: "", toolCalls: [] });
  });

  it("gives the words beside calls their tokens, and no others", async () => {
    const pieces = ["Let", " me", " ", "look", ".\n", "<tool", "_call>\n", CALL.slice(12)];
    const events = async function* (): AsyncGenerator<GenerateEvent> {
      for (const [index, text] of pieces.entries()) {
        yield {
          type: "text-delta",
          choice: 0,
          text,
          tokenIds: [index],
          logprobs: [{ token: text, logprob: -1, bytes: null, alternatives: [] }],
        };
      }
      yield { type: "choice-end", choice: 0, reason: "stop" };
      yield { type: "end", usage };
    };
    const { choices } = await foldGeneration(readPromptedCalls(events(), () => "id"));
    expect(choices[0]).toMatchObject({ text: "Let me look.", tokenIds: [0, 1, 2, 3], finishReason: "tool_calls" });
    expect(choices[0]?.logprobs.map(({ token }) => token)).toEqual(["Let", " me", " ", "look"]);
  });

  it.each([
    "<tool_call> is what models write",
    "a <tool_call>\nnot JSON\n</tool_call> b",
    `<tool_call>${"x".repeat(600)}`,
    "x < y <tool",
    "a \n",
  ])("leaves %j as text", async (text) => {
    expect(await read([text])).toMatchObject({ text, toolCalls: [], finishReason: "stop" });
  });
});
