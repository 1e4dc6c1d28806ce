import { describe, expect, it } from "vitest";
import { answerId } from "./answer-head.ts";

describe("answerId", () => {
  it.each([
    ["openai", "chatcmpl-0199a1b2c3d47000800090a0b0c0d0e0"],
    ["together", "0199a1b2c3d47000800090a0b0c0d0e0"],
    ["fireworks", "0199a1b2-c3d4-7000-8000-90a0b0c0d0e0"],
  ] as const)("is of the form that %s has, and made of the request's own", (dialect, id) => {
    expect(answerId(dialect, "chatcmpl", "req_0199a1b2c3d47000800090a0b0c0d0e0")).toBe(id);
  });
});
