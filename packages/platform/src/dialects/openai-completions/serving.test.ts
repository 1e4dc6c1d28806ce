import type { Dialect } from "@bonfire/protocol/dialect";
import { describe, expect, it } from "vitest";
import { readCompletionCall } from "./serving.ts";

const BODY = { model: "m", prompt: "once" };

function refusal(body: object, dialect: Dialect = "openai"): unknown {
  try {
    readCompletionCall({ ...BODY, ...body }, dialect);
  } catch (error) {
    return error;
  }
  throw new Error("The body was accepted.");
}

describe("readCompletionCall", () => {
  it("generates 16 tokens where no limit is set", () => {
    expect(readCompletionCall(BODY, "openai").requests).toEqual([
      { prompt: { kind: "text", text: "once" }, choices: 1, stop: [], overflow: "error", maxTokens: 16 },
    ]);
  });

  it.each([
    ["once", [{ kind: "text", text: "once" }]],
    [
      ["a", "b"],
      [
        { kind: "text", text: "a" },
        { kind: "text", text: "b" },
      ],
    ],
    [[1, 2], [{ kind: "tokens", tokens: [1, 2] }]],
    [
      [[1], [2, 3]],
      [
        { kind: "tokens", tokens: [1] },
        { kind: "tokens", tokens: [2, 3] },
      ],
    ],
  ])("reads the prompts of %j", (prompt, expected) => {
    expect(readCompletionCall({ ...BODY, prompt }, "openai").requests.map((request) => request.prompt)).toEqual(expected);
  });

  it("tells only the prompt where that is wanted", () => {
    expect(readCompletionCall({ ...BODY, max_tokens: 0, echo: true, logprobs: 1 }, "openai").requests).toMatchObject([
      { maxTokens: 0, logprobs: { alternatives: 1 }, echo: { logprobs: { alternatives: 1 } } },
    ]);
  });

  it("reads a format, which Fireworks has here", () => {
    expect(readCompletionCall({ ...BODY, response_format: { type: "json_object" } }, "fireworks").requests).toMatchObject([
      { format: { kind: "json-object" } },
    ]);
  });

  it.each([
    [{ best_of: 1 }],
    [{ best_of: 3, n: 3 }],
    [{ suffix: "" }],
    [{ images: [] }],
    [{ reasoning_effort: "none" }],
    [{ echo: false }],
    [{ logprobs: null }],
  ])("accepts what asks for nothing: %j", (body) => {
    expect(readCompletionCall({ ...BODY, ...body }, "openai").ignored).toEqual([]);
  });

  it.each([
    ["openai", { best_of: 3 }, "best_of"],
    ["openai", { suffix: "end" }, "suffix"],
    ["fireworks", { images: ["data:image/png;base64,AA=="] }, "images"],
    ["fireworks", { reasoning_effort: "low" }, "reasoning_effort"],
    ["openai", { logprobs: 6 }, "logprobs"],
    ["fireworks", { logprobs: 6 }, "logprobs"],
    ["together", { logprobs: 21 }, "logprobs"],
    ["together", { max_tokens: 200_000 }, "max_tokens"],
    ["openai", { max_tokens: 0 }, "max_tokens"],
    ["openai", { prompt: [] }, "prompt"],
    ["openai", { messages: [] }, "messages"],
  ] as const)("refuses of %s %j", (dialect, body, param) => {
    expect(refusal(body, dialect)).toMatchObject({ status: 400, param });
  });

  it("ignores and lists what Together does not know", () => {
    expect(readCompletionCall({ ...BODY, foo: 1, store: false }, "together").ignored).toEqual(["foo", "store"]);
  });
});
