import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { until } from "../../platform/src/engine/testing/until.ts";
import { runHere } from "./testing/run-cli.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const line = (level: number, msg: string) => `${JSON.stringify({ level, time: "2026-01-31T12:00:00.000Z", msg })}\n`;

function homeWithLog(...lines: string[]) {
  const home = temporaryHome();
  mkdirSync(join(home, "logs"));
  const file = join(home, "logs", "bonfire.log");
  writeFileSync(file, lines.join(""));
  return { home, file };
}

describe("bonfire logs", () => {
  it("shows the newest lines with the platform dead", async () => {
    const { home } = homeWithLog(line(30, "one"), line(40, "two"), line(30, "three"));
    const { exitCode, stdout } = await runHere(["logs", "-n", "2"], { home });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\[2026-01-31 12:00:00\.000\] WARN: two\n\[.*\] INFO: three\n$/);
  });

  it("shows one level and above, as it was written when it is asked so", async () => {
    const { home } = homeWithLog(line(30, "one"), line(40, "two"), line(50, "three"));
    expect((await runHere(["logs", "--level", "warn", "--json"], { home })).stdout).toBe(line(40, "two") + line(50, "three"));
  });

  it("lets no line steer the terminal", async () => {
    const { home } = homeWithLog(line(30, "\u001B[2Jgone"));
    expect((await runHere(["logs"], { home })).stdout).toContain("INFO: [2Jgone\n");
  });

  it("-f goes on until Ctrl-C, which is no failure", async () => {
    const { home, file } = homeWithLog(line(30, "one"));
    const logs = runHere(["logs", "-f", "--json"], { home });
    await until(() => process.listenerCount("SIGINT") === 1 && vi.mocked(process.stdout.write).mock.calls.length === 1);
    appendFileSync(file, line(30, "two"));
    await until(() => vi.mocked(process.stdout.write).mock.calls.length === 2);
    process.emit("SIGINT");
    expect(await logs).toEqual({ exitCode: 0, stdout: line(30, "one") + line(30, "two"), stderr: "" });
  });

  it("says where it looked when there is no log", async () => {
    const home = temporaryHome();
    expect(await runHere(["logs"], { home })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(join(home, "logs")) });
  });
});
