import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import { endAtStop } from "./stop-sequences.ts";

const usage = { promptTokens: 1, completionTokens: 7, cachedTokens: 0 };

async function* say(pieces: readonly string[]): AsyncGenerator<GenerateEvent> {
  for (const [index, text] of pieces.entries()) yield { type: "text-delta", choice: 0, text, tokenIds: [index] };
  yield { type: "choice-end", choice: 0, reason: "length" };
  yield { type: "end", usage: { ...usage, completionTokens: 99 } };
}

async function read(pieces: readonly string[], stop: readonly string[]) {
  const generation = await foldGeneration(endAtStop(say(pieces), stop, () => usage));
  return { ...generation.choices[0], usage: generation.usage };
}

describe("endAtStop", () => {
  it("ends before the sequence that comes first, and says which it was", async () => {
    const { text, finishReason, stopSequence, usage: told, tokenIds } = await read(["one ", "two", " three"], ["three", "o t", "wo"]);
    expect({ text, finishReason, stopSequence, tokenIds }).toEqual({
      text: "one t",
      finishReason: "stop",
      stopSequence: "wo",
      tokenIds: [0],
    });
    expect(told.completionTokens).toBe(7);
  });

  it("hands out all where none comes, also what looked like the beginning of one", async () => {
    expect(await read(["a", "b", "c"], ["cd", "bd"])).toMatchObject({ text: "abc", finishReason: "length", tokenIds: [0, 1, 2] });
  });

  it("ends at the same place wherever the text was cut", async () => {
    const all = "aabaabaaabcaabab";
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(all.length)), async (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), all.length];
        const pieces = borders.slice(1).map((border, index) => all.slice(borders[index], border));
        expect((await read(pieces, ["aaab", "bcx"])).text).toBe("aabaab");
      }),
    );
  });

  it("leaves thoughts and calls alone", async () => {
    const events = async function* (): AsyncGenerator<GenerateEvent> {
      yield { type: "reasoning-delta", choice: 0, text: "stop" };
      yield { type: "text-delta", choice: 0, text: "st" };
      yield { type: "tool-call-start", choice: 0, call: 0, id: "a", name: "stop" };
      yield { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"stop":1}' };
      yield { type: "choice-end", choice: 0, reason: "tool_calls" };
      yield { type: "end", usage };
    };
    const { choices } = await foldGeneration(endAtStop(events(), ["stop"], () => usage));
    expect(choices[0]).toMatchObject({ reasoning: "stop", text: "st", finishReason: "tool_calls", toolCalls: [{ name: "stop" }] });
  });
});
