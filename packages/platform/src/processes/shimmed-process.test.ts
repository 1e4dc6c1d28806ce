import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { type ProcessPlan, startShimmed } from "./shimmed-process.ts";

const SHIM = fileURLToPath(new URL("../../shim/shim.mjs", import.meta.url));

/** A command that writes its pid to a file and lives until it is told to end. */
const lasting = (pidFile: string, onTerm = "process.exit(0)"): ProcessPlan => ({
  command: process.execPath,
  args: [
    "-e",
    `require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); process.on("SIGTERM", () => { ${onTerm} }); setInterval(() => {}, 1000); console.log("up")`,
  ],
  env: {},
  stopSignal: "SIGTERM",
  graceMs: 300,
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a process behind the shim", () => {
  let directory: string;
  let pidFile: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "bonfire-shim-"));
    pidFile = join(directory, "pid");
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const commandPid = async (): Promise<number> => {
    await until(async () => (await readFile(pidFile, "utf8").catch(() => "")) !== "");
    return Number(await readFile(pidFile, "utf8"));
  };

  it("gets the environment of its plan and nothing else, and its lines are handed over", async () => {
    const lines: string[] = [];
    const args = ["-e", "console.log(JSON.stringify(process.env))"];
    const { exited } = startShimmed(
      { command: process.execPath, args, env: { ONLY: "this" }, stopSignal: "SIGTERM", graceMs: 100 },
      (line) => lines.push(line),
    );
    expect((await exited).code).toBe(0);
    expect(lines).toEqual(['{"ONLY":"this"}']);
  });

  it("passes on the exit code and the last lines of a command that fails", async () => {
    const args = ["-e", "console.error('no such model'); process.exit(3)"];
    const { exited } = startShimmed({ command: process.execPath, args, env: {}, stopSignal: "SIGTERM", graceMs: 100 }, () => undefined);
    expect(await exited).toEqual({ code: 3, lastLines: ["no such model"] });
  });

  it("says so when the command cannot be started", async () => {
    const { exited } = startShimmed(
      { command: join(directory, "nothing"), args: [], env: {}, stopSignal: "SIGTERM", graceMs: 100 },
      () => undefined,
    );
    const { code, lastLines } = await exited;
    expect(code).toBe(127);
    expect(lastLines.join()).toContain("cannot start");
  });

  it("stops on request, and stopping twice is stopping once", async () => {
    const child = startShimmed(lasting(pidFile), () => undefined);
    const pid = await commandPid();
    expect((await child.stop(5_000)).code).toBe(0);
    await child.stop(5_000);
    expect(isAlive(pid)).toBe(false);
  });

  it("is killed when it does not stop within its grace", async () => {
    const child = startShimmed(lasting(pidFile, ""), () => undefined);
    await commandPid();
    expect((await child.stop(100)).code).toBe(137);
  });

  it("ends when the process that started it is killed, and so does a command that ignores signals", async () => {
    // Stands for the platform: it starts the shim as the platform does, and is then killed.
    const plan = JSON.stringify(lasting(pidFile, ""));
    const script = `const {spawn} = require("child_process"); const shim = spawn(process.execPath, [${JSON.stringify(SHIM)}], {detached: true, stdio: ["pipe", "inherit", "inherit"]}); shim.stdin.write(${JSON.stringify(`${plan}\n`)});`;
    const platform = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
    const pid = await commandPid();
    platform.kill("SIGKILL");
    await until(() => !isAlive(pid));
  });
});
