import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { describeError } from "./logger.ts";

describe("describeError", () => {
  it("tells messages and causes, and nothing that an error carries besides", () => {
    const cause = new EngineError("refused", "no", { upstreamBody: "the prompt was: hello" });
    const described = describeError(new Error("failed", { cause }));
    expect(described).toMatchObject({ type: "Error", message: "failed", cause: { type: "EngineError", message: "no" } });
    expect(JSON.stringify(described)).not.toContain("the prompt was");
  });
});
