import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import { Admission } from "./admission.ts";
import { toClientError } from "./engine-failure.ts";

describe("toClientError", () => {
  it.each<[EngineErrorKind, number, string]>([
    ["invalid-request", 400, "invalid_value"],
    ["context-overflow", 400, "context_length_exceeded"],
    ["not-found", 502, "upstream_error"],
    ["refused", 502, "upstream_error"],
    ["rate-limited", 429, "rate_limit_exceeded"],
    ["overloaded", 503, "overloaded"],
    ["unreachable", 503, "model_unavailable"],
    ["interrupted", 502, "upstream_error"],
    ["timeout", 504, "upstream_timeout"],
    ["bad-response", 502, "upstream_error"],
  ])("answers %s with %i", (kind, status, code) => {
    expect(toClientError(new EngineError(kind, "said so"), "m", "messages")).toMatchObject({ status, code });
  });

  it("says in OpenAI's words by how much a prompt is too long, and names its field", () => {
    const error = toClientError(new EngineError("context-overflow", "too long", { promptTokens: 20, contextTokens: 10 }), "m", "prompt");
    expect(error).toMatchObject({
      param: "prompt",
      message:
        "This model's maximum context length is 10 tokens. However, your prompt resulted in 20 tokens. Please reduce the length of the prompt.",
    });
  });

  it("passes the engine's own wait on", () => {
    const error = toClientError(new EngineError("rate-limited", "", { retryAfterMs: 2_500 }), "m", "messages");
    expect(error instanceof ApiError ? error.headers : {}).toMatchObject({ "retry-after": "3", "x-should-retry": "true" });
  });

  it("shows nothing of what an engine says about credentials", () => {
    const error = toClientError(new EngineError("refused", "key sk-1 is wrong"), "m", "messages");
    expect(error instanceof ApiError ? JSON.stringify(error.body) : "").not.toContain("sk-1");
  });

  it("leaves what is no engine failure as it is", () => {
    const bug = new TypeError("x is undefined");
    expect(toClientError(bug, "m", "messages")).toBe(bug);
  });
});

describe("Admission", () => {
  it("refuses beyond its limit and lets in again what has left, once for each leave", () => {
    const admission = new Admission(2);
    const leave = admission.enter("m");
    admission.enter("m");
    expect(() => admission.enter("m")).toThrow(expect.objectContaining({ code: "overloaded" }));
    leave();
    leave();
    admission.enter("m");
    expect(() => admission.enter("m")).toThrow(expect.objectContaining({ code: "overloaded" }));
  });
});
