import { describe, expect, it } from "vitest";
import { readChatCall } from "../openai-chat/serving.ts";
import { readCompletionCall } from "../openai-completions/serving.ts";
import { readResponseCall } from "../openai-responses/read-request.ts";

interface Named {
  readonly model: string;
  readonly fallbackModels?: readonly string[];
}

describe.each([
  ["a chat", (body: object): Named => readChatCall({ messages: [{ role: "user", content: "hi" }], ...body }, "openai")],
  ["a text completion", (body: object): Named => readCompletionCall({ prompt: "once", ...body }, "openai")],
  ["a response", (body: object): Named => readResponseCall({ input: "hi", ...body })],
])("the models of %s", (_, read) => {
  const named = (body: object) => {
    const { model, fallbackModels } = read(body);
    return { model, fallbackModels };
  };

  it("are asked in turn after its model", () => {
    expect(named({ model: "a", models: ["b", "c"] })).toEqual({ model: "a", fallbackModels: ["b", "c"] });
  });

  it("name its model where nothing else does", () => {
    expect(named({ models: ["a", "b"] })).toEqual({ model: "a", fallbackModels: ["b"] });
    expect(named({ model: null, models: ["a", "b"] })).toEqual({ model: "a", fallbackModels: ["b"] });
  });

  it("are asked once each", () => {
    expect(named({ model: "a", models: ["a", "b", "a", "b"] })).toEqual({ model: "a", fallbackModels: ["b"] });
    for (const models of [[], ["a"], null, undefined]) expect(read({ model: "a", models })).not.toHaveProperty("fallbackModels");
  });

  it("are ten at most", () => {
    const models = Array.from({ length: 11 }, (_, index) => `m${index}`);
    expect(() => read({ model: "a", models })).toThrow(expect.objectContaining({ param: "models" }));
    expect(named({ models: models.slice(1) }).fallbackModels).toHaveLength(9);
  });

  it.each([{}, { models: [] }, { models: "a" }, { models: [1] }])("leave it without one where %j names none", (body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ param: "model", code: "missing_required_parameter" }));
  });
});
