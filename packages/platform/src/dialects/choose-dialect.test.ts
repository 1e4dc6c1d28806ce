import { describe, expect, it } from "vitest";
import { chooseDialect } from "./choose-dialect.ts";

describe("chooseDialect", () => {
  it.each([
    [{ path: "fireworks", key: "together", userAgent: "Together/Python 3.1.1" }, "fireworks"],
    [{ path: undefined, key: "fireworks", userAgent: "Together/Python 3.1.1" }, "fireworks"],
    [{ path: undefined, key: undefined, userAgent: "Together/Python 3.1.1" }, "together"],
    [{ path: undefined, key: undefined, userAgent: "Together/v1 PythonBindings/1.5.35" }, "together"],
    [{ path: undefined, key: undefined, userAgent: "AsyncTogether/Python 3.1.1" }, "together"],
    [{ path: undefined, key: undefined, userAgent: "Fireworks/Python 1.2.30" }, "fireworks"],
    [{ path: undefined, key: undefined, userAgent: "OpenAI/JS 7.55.0" }, "openai"],
    [{ path: undefined, key: undefined, userAgent: undefined }, "openai"],
  ] as const)("reads %j as %s", (hints, expected) => {
    expect(chooseDialect(hints)).toBe(expected);
  });
});
