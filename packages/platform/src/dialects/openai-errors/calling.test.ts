import { describe, expect, it } from "vitest";
import { readErrorAnswer } from "./calling.ts";

const answerWith = (error: unknown, status = 400) => readErrorAnswer(status, JSON.stringify({ error }), undefined);

describe("an answer with an error status", () => {
  it.each(["temperature", "messages[0].content", "response_format.json_schema.schema", "tools"])(
    "names %s where the server does",
    (param) => {
      expect(answerWith({ message: "no", param }).details.param).toBe(param);
    },
  );

  it.each([
    ["its own field", "body.max_new_tokens"],
    ["a path of its own", ["body", "n"]],
    ["nothing", null],
    ["a sentence", "n is too large"],
  ])("names no field where the server names %s", (_, param) => {
    expect(answerWith({ message: "no", param }).details).not.toHaveProperty("param");
  });

  it("names no field for what is not the client's fault", () => {
    expect(answerWith({ message: "no", param: "user" }, 401).details).not.toHaveProperty("param");
  });

  it.each([
    [
      "OpenAI",
      "This model's maximum context length is 4096 tokens. However, you requested 4100 tokens (100 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
    ],
    [
      "vLLM",
      "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your request has 100 input tokens (4000 > 4096 - 100).",
    ],
    [
      "newer vLLM",
      "You passed 100 input tokens and requested 4000 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 96 tokens.",
    ],
    [
      "SGLang",
      "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 4100 tokens: 100 tokens from the input messages and 4000 tokens for the completion.",
    ],
  ])("gives all counts of an overflow in the words of %s, whatever its code", (_, message) => {
    expect(answerWith({ message, type: "BadRequestError", code: 400 })).toMatchObject({
      kind: "context-overflow",
      details: { promptTokens: 100, maxTokens: 4_000, contextTokens: 4_096 },
    });
  });
});
