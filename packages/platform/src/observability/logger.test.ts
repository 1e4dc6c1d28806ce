import { spawnSync } from "node:child_process";
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

describe("the log on stderr", () => {
  it.each([
    ["ends by itself", ""],
    ["is ended in the turn of its last line", "process.exit(0);"],
    ["dies of an error", "throw new Error('unexpected');"],
  ])("has every line of a process that %s", (_, ending) => {
    const program = `
      import { createLogger } from ${JSON.stringify(new URL("./logger.ts", import.meta.url).href)};
      const logger = createLogger({ level: "info", format: "json" });
      for (const number of [1, 2, 3]) logger.info({ number }, "line");
      ${ending}`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", program];
    const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([...stderr.matchAll(/"number":(\d)/g)].map((match) => match[1])).toEqual(["1", "2", "3"]);
  });
});
