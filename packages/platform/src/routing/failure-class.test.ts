import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import { classify, type FailureClass } from "./failure-class.ts";

const NOTHING: FailureClass = { retryClass: undefined, breaker: "neutral", sameDeployment: "never" };

describe("a failure of an engine", () => {
  it.each<[EngineErrorKind, FailureClass]>([
    ["unsupported", { retryClass: "unsupported", breaker: "neutral", sameDeployment: "never" }],
    ["invalid-request", NOTHING],
    ["context-overflow", { retryClass: "context_length", breaker: "neutral", sameDeployment: "never" }],
    ["content-policy", { retryClass: "content_policy", breaker: "neutral", sameDeployment: "never" }],
    ["not-found", { retryClass: "server_error", breaker: "failure", sameDeployment: "never" }],
    ["refused", { retryClass: "server_error", breaker: "failure", sameDeployment: "never" }],
    ["rate-limited", { retryClass: "rate_limit", breaker: "neutral", sameDeployment: "after-backoff", coolMs: 1_000 }],
    ["overloaded", { retryClass: "server_error", breaker: "failure", sameDeployment: "after-backoff" }],
    ["unreachable", { retryClass: "connect", breaker: "failure", sameDeployment: "after-backoff" }],
    ["interrupted", { retryClass: "server_error", breaker: "failure", sameDeployment: "after-backoff" }],
    ["timeout", { retryClass: "timeout", breaker: "failure", sameDeployment: "after-backoff" }],
    ["bad-response", { retryClass: "server_error", breaker: "failure", sameDeployment: "after-backoff" }],
  ])("of the kind %s", (kind, expected) => {
    expect(classify(new EngineError(kind, "said so"))).toEqual(expected);
  });
});

describe("a refusal", () => {
  it.each<EngineErrorKind>(["refused", "rate-limited"])("is nothing but a change of keys where others are left: %s", (kind) => {
    expect(classify(new EngineError(kind, "no", { hasOtherCredentials: true, retryAfterMs: 9_000 }))).toEqual({
      retryClass: "rate_limit",
      breaker: "neutral",
      sameDeployment: "at-once",
    });
  });

  it.each<[EngineErrorKind, number, number]>([
    ["rate-limited", 3_000, 3_000],
    ["rate-limited", 86_400_000, 600_000],
    ["overloaded", 2_000, 2_000],
  ])("that says when to come back cools the deployment without counting against it: %s, %d ms", (kind, retryAfterMs, coolMs) => {
    expect(classify(new EngineError(kind, "later", { retryAfterMs }))).toMatchObject({ breaker: "neutral", coolMs });
  });
});

describe("the failure of a lease", () => {
  it.each([
    ["model_unavailable", "connect"],
    ["overloaded", "server_error"],
    ["upstream_timeout", "timeout"],
  ] as const)("%s sends the request elsewhere", (code, retryClass) => {
    expect(classify(new ApiError(code, "not now"))).toEqual({ retryClass, breaker: "neutral", sameDeployment: "never" });
  });
});

it.each([
  ["a client that hung up", new DOMException("This operation was aborted", "AbortError")],
  ["a shutdown", new ApiError("shutting_down", "The server is shutting down.")],
  ["a fault of our own", new TypeError("x is not a function")],
  ["something that is no error", "oh"],
])("%s is neither tried again nor anybody's fault", (_, reason) => {
  expect(classify(reason)).toEqual(NOTHING);
});
