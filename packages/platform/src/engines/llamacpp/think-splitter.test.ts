import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GenerateEvent } from "../../engine/generation.ts";
import { type Thinking, ThinkSplitter } from "./think-splitter.ts";

function split(pieces: readonly string[], thinking: Thinking) {
  const events: GenerateEvent[] = [];
  const splitter = new ThinkSplitter(thinking);
  pieces.forEach((text, index) => {
    splitter.read({ text, tokenIds: [index] }, events);
  });
  splitter.end(events);
  let [reasoning, text] = ["", ""];
  const tokenIds: number[] = [];
  for (const event of events) {
    if (event.type === "reasoning-delta") reasoning += event.text;
    else if (event.type === "text-delta") {
      text += event.text;
      tokenIds.push(...(event.tokenIds ?? []));
    }
  }
  return { reasoning, text, tokenIds };
}

describe("ThinkSplitter", () => {
  it.each<readonly [thinking: Thinking, all: string, reasoning: string, text: string]>([
    ["open", "\nLet me see.\n</think>\n\nYes.\n", "Let me see.", "Yes.\n"],
    ["open", "no end", "no end", ""],
    ["open", "</think>Yes", "", "Yes"],
    ["open", "a </thin b</think>c", "a </thin b", "c"],
    ["open", "a</think>\n", "a", ""],
    ["possible", "<think>\na\n</think>\n\nb", "a", "b"],
    ["possible", "\n <think>a</think>b", "a", "b"],
    ["possible", "b <think>a</think>", "", "b <think>a</think>"],
    ["possible", " <thin", "", " <thin"],
    ["none", "<think>a</think>b", "", "<think>a</think>b"],
  ])("with thoughts %s parts %j", (thinking, all, reasoning, text) => {
    expect(split([all], thinking)).toMatchObject({ reasoning, text });
  });

  it("parts the same wherever the text was cut", () => {
    const all = "\n<think>\none < two </th\n\n three \n</think>\n\n Yes, <think> is a mark.\n";
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(all.length)), (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), all.length];
        const pieces = borders.slice(1).map((border, index) => all.slice(borders[index], border));
        const { reasoning, text } = split(pieces, "possible");
        expect({ reasoning, text }).toEqual({ reasoning: "one < two </th\n\n three", text: "Yes, <think> is a mark.\n" });
      }),
    );
  });

  it("gives the text its own tokens and none of the thoughts'", () => {
    expect(split(["a", "</", "think>", "\n\n", "Y", "es"], "open").tokenIds).toEqual([4, 5]);
  });
});
