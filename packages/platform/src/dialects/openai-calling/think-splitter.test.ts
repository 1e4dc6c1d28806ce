import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ThinkSplitter } from "./think-splitter.ts";

function split(pieces: readonly string[]): { reasoning: string; text: string } {
  const splitter = new ThinkSplitter();
  const parts = [...pieces.map((piece) => splitter.push(piece)), splitter.end()];
  return { reasoning: parts.map(({ reasoning }) => reasoning).join(""), text: parts.map(({ text }) => text).join("") };
}

describe("the splitter of thoughts", () => {
  it.each([
    ["thoughts before an answer", "<think>\nhm, well\n</think>\n\nHello.\n", "hm, well", "Hello.\n"],
    ["white space before the tag", "\n<think>a</think>b", "a", "b"],
    ["an answer without thoughts", "Hello <b>you</b>", "", "Hello <b>you</b>"],
    ["an answer that begins with white space", "\n  Hello", "", "\n  Hello"],
    ["empty thoughts", "<think>\n\n</think>\n\nHello", "", "Hello"],
    ["thoughts that were cut off", "<think>what if</thi", "what if</thi", ""],
    ["another tag", "<thing>x</thing>", "", "<thing>x</thing>"],
    ["a tag that was cut off", "<thin", "", "<thin"],
    ["tags in the middle", "Say <think>x</think>", "", "Say <think>x</think>"],
    ["second thoughts", "<think>a</think>b<think>c</think>", "a", "b<think>c</think>"],
    ["a closing tag alone", "hm</think>Hello", "", "hm</think>Hello"],
  ])("reads %s", (_, text, reasoning, answer) => {
    expect(split([text])).toEqual({ reasoning, text: answer });
  });

  it("gives the same wherever the text is cut", () => {
    const fragment = fc.constantFrom("<think>", "</think>", "<", "</", "think>", " ", "\n", "word", "é");
    const text = fc.array(fragment, { maxLength: 10 }).map((fragments) => fragments.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(8), { maxLength: 20 }), (whole, lengths) => {
        const pieces: string[] = [];
        let rest = whole;
        for (const length of lengths) {
          pieces.push(rest.slice(0, length));
          rest = rest.slice(length);
        }
        expect(split([...pieces, rest])).toEqual(split([whole]));
      }),
    );
  });

  it("holds nothing back that can be no tag", () => {
    const splitter = new ThinkSplitter();
    expect(splitter.push("H")).toEqual({ reasoning: "", text: "H" });
    expect(splitter.isDone).toBe(true);
  });
});
