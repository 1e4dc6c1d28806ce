import { describe, expect, it } from "vitest";
import type { GenerateRequest } from "../../engine/generation.ts";
import { writeCompletionBody } from "./calling.ts";

const TEXT = { kind: "text", text: "Once" } as const;
const TOKENS = { kind: "tokens", tokens: [3, 4] } as const;

function bodyOf(prompt: typeof TEXT | typeof TOKENS, request: Partial<GenerateRequest>): Record<string, unknown> {
  return writeCompletionBody(prompt, { choices: 1, stop: [], ...request, prompt }, "m");
}

describe("the body of a text completion", () => {
  it.each([
    [TEXT, "Once"],
    [TOKENS, [3, 4]],
  ])("holds the prompt of %o", (prompt, expected) => {
    expect(bodyOf(prompt, {})).toEqual({ model: "m", prompt: expected, n: 1, stream: true, stream_options: { include_usage: true } });
  });

  it.each<[string, typeof TEXT | typeof TOKENS, Partial<GenerateRequest>, object]>([
    ["alternatives of the answer", TEXT, { logprobs: { alternatives: 3 } }, { logprobs: 3 }],
    ["no alternatives", TEXT, { logprobs: { alternatives: 0 } }, { logprobs: 0 }],
    ["the prompt's, which brings the answer's along", TEXT, { echo: { logprobs: { alternatives: 2 } } }, { logprobs: 2, echo: true }],
    ["the prompt of a text, which is known here", TEXT, { echo: {} }, {}],
    ["the prompt of token ids, with their texts", TOKENS, { echo: {} }, { logprobs: 0, echo: true }],
  ])("asks for %s", (_, prompt, request, expected) => {
    const { logprobs, echo } = bodyOf(prompt, request);
    expect(Object.fromEntries(Object.entries({ logprobs, echo }).filter(([, value]) => value !== undefined))).toEqual(expected);
  });
});
