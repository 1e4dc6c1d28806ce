import { describe, expect, it } from "vitest";
import { z } from "zod";
import { chatCompletionRequest } from "./chat-completions.ts";
import { ApiError } from "./errors.ts";
import { parseRequest } from "./validation-error.ts";

const VALID = { model: "m", messages: [{ role: "user", content: "hi" }] };

function failure(body: unknown): ApiError {
  try {
    parseRequest(chatCompletionRequest, body);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("The body was accepted.");
}

describe("parseRequest", () => {
  it("returns what is valid, unknown fields included where the schema is loose", () => {
    expect(parseRequest(chatCompletionRequest, { ...VALID, extra: 1 })).toMatchObject({ ...VALID, extra: 1 });
  });

  it.each([
    ["a missing field", { model: "m" }, "missing_required_parameter", "messages", "Missing required parameter: 'messages'."],
    [
      "a wrong type",
      { ...VALID, temperature: "hot" },
      "invalid_type",
      "temperature",
      "Invalid type for 'temperature': expected a number, but got \"hot\".",
    ],
    [
      "a number above its range",
      { ...VALID, temperature: 9 },
      "invalid_value",
      "temperature",
      "Invalid value for 'temperature': expected a number of at most 2, but got 9.",
    ],
    [
      "a number below its range",
      { ...VALID, n: 0 },
      "invalid_value",
      "n",
      "Invalid value for 'n': expected a number of at least 1, but got 0.",
    ],
    [
      "a fraction where a whole number belongs",
      { ...VALID, seed: 1.5 },
      "invalid_type",
      "seed",
      "Invalid type for 'seed': expected an integer, but got 1.5.",
    ],
    [
      "an empty list",
      { ...VALID, messages: [] },
      "invalid_value",
      "messages",
      "Invalid value for 'messages': expected an array with at least 1 items, but got an array with 0 items.",
    ],
    ["an unknown role", { ...VALID, messages: [{ role: "robot", content: "" }] }, "invalid_value", "messages[0].role", undefined],
    [
      "content of neither type",
      { ...VALID, messages: [{ role: "user", content: 5 }] },
      "invalid_type",
      "messages[0].content",
      "Invalid type for 'messages[0].content': expected a string or an array, but got 5.",
    ],
    [
      "a fault deep in one branch of a union",
      { ...VALID, messages: [{ role: "user", content: [{ type: "text" }] }] },
      "missing_required_parameter",
      "messages[0].content[0].text",
      undefined,
    ],
    [
      "an unknown field where none may be ignored",
      { ...VALID, response_format: { type: "text", mood: 1 } },
      "unknown_parameter",
      "response_format.mood",
      "Unknown parameter: 'response_format.mood'.",
    ],
    ["a key that is no token id", { ...VALID, logit_bias: { a: 1 } }, "invalid_value", "logit_bias.a", undefined],
    [
      "a body that is no object",
      [],
      "invalid_type",
      null,
      "Invalid type for the request body: expected an object, but got an array with 0 items.",
    ],
    ["no body", undefined, "invalid_json", null, "The request has no body; expected a JSON object."],
  ])("names the field and what would be right: %s", (_, body, code, param, message) => {
    const error = failure(body);
    expect(error).toMatchObject({ code, param, status: 400 });
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it("does not quote long values", () => {
    expect(failure({ ...VALID, temperature: "a long secret ".repeat(10) }).message).toContain("but got a string.");
  });

  it("is not misled by keys of Object.prototype", () => {
    expect(() => parseRequest(z.object({ constructor: z.string() }), {})).toThrow("Missing required parameter: 'constructor'.");
  });
});
