import { describe, expect, it } from "vitest";
import { allCommands, commandTree } from "./completion/command-tree.ts";
import { buildProgram } from "./program.ts";
import { runHere } from "./testing/run-cli.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const tree = commandTree(
  buildProgram(() => undefined),
  {},
);
const run = (...args: string[]) => runHere(args, { home: temporaryHome() });

describe("bonfire", () => {
  it("alone prints what it can do", async () => {
    const { exitCode, stdout, stderr } = await run();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const { name } of tree.commands) expect(stdout).toContain(`\n  ${name}`);
  });

  it.each(
    allCommands(tree)
      .filter(({ commands }) => commands.length === 0)
      .map(({ path }) => path),
  )("%s --help teaches by example", async (path) => {
    const { exitCode, stdout } = await run(...path.split("/").filter(Boolean), "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)*.*npx --no bonfire${path.replaceAll("/", " ")}`));
  });

  it.each([
    [["modles"], "Did you mean models?"],
    [["models", "lst"], "Did you mean list?"],
    [["keys", "list", "--jsn"], "Did you mean --json?"],
    [["keys", "create", "x", "--role", "king"], "Allowed choices are inference, admin."],
    [["keys", "create", "x", "--dialect", "klingon"], "Allowed choices are openai, together, fireworks."],
    [["logs", "-n", "many"], "It must be a whole number from 1."],
  ])("%j is wrong usage with a hint", async (args, hint) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(hint);
  });

  it("a group without a command is wrong usage that shows what there is", async () => {
    const { exitCode, stderr } = await run("models");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("pull");
  });
});
