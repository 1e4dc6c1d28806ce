import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { LogFile } from "./log-file.ts";

let directory: string;
let open: LogFile[];

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "bonfire-log-")), "logs");
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((file) => file.close(1_000)));
  await rm(join(directory, ".."), { recursive: true });
});

type Options = ConstructorParameters<typeof LogFile>[0];
function openFile(options: Partial<Options> = {}): LogFile {
  const file = new LogFile({ directory, onChange: () => undefined, ...options });
  open.push(file);
  return file;
}

const path = () => join(directory, "bonfire.log");
const content = () => readFile(path(), "utf8");
const modeOf = async (name: string) => (await stat(name)).mode & 0o777;
const has = (text: string) => async () => existsSync(path()) && (await content()).includes(text);

describe("the log file", () => {
  it("holds the lines in their order, for its owner alone", async () => {
    const file = openFile();
    for (let i = 0; i < 100; i++) file.write(`line ${i}\n`);
    await until(has("line 99\n"));
    expect(await content()).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(""));
    expect(await modeOf(path())).toBe(0o600);
    expect(await modeOf(directory)).toBe(0o700);
  });

  it("is not there before the first line", async () => {
    const file = openFile();
    await file.close(1_000);
    expect(existsSync(directory)).toBe(false);
  });

  it("goes on where an earlier platform stopped, and closes what stood open to others", async () => {
    await mkdir(directory);
    await writeFile(path(), "before\n");
    await chmod(path(), 0o644);
    const file = openFile();
    file.write("after\n");
    await file.close(1_000);
    expect(await content()).toBe("before\nafter\n");
    expect(await modeOf(path())).toBe(0o600);
  });

  it("begins a new one at its size and keeps a few old ones", async () => {
    const file = openFile({ sizeBytes: 100, keep: 2 });
    for (let i = 0; i < 5; i++) {
      file.write(`${`${i}`.repeat(120)}\n`);
      await until(
        async () =>
          existsSync(join(directory, "bonfire.log.1")) && (await readFile(join(directory, "bonfire.log.1"), "utf8")).startsWith(`${i}`),
      );
    }
    await file.close(1_000);
    expect((await readdir(directory)).sort()).toEqual(["bonfire.log", "bonfire.log.1", "bonfire.log.2"]);
    expect(await readFile(join(directory, "bonfire.log.2"), "utf8")).toMatch(/^3+\n$/);
    expect(await modeOf(join(directory, "bonfire.log.2"))).toBe(0o600);
  });

  it("has everything that was written before it was closed, and takes nothing after", async () => {
    const file = openFile();
    file.write("last words\n");
    await file.close(1_000);
    file.write("from the grave\n");
    await file.close(1_000);
    expect(await content()).toBe("last words\n");
  });

  it("that cannot be opened fails nobody, is told once, and goes on when it can", async () => {
    await writeFile(directory, "in the way");
    const told: unknown[] = [];
    const file = openFile({ onChange: (change) => void told.push(change), retryMs: 20 });
    file.write("lost\n");
    await until(() => told.length === 1);
    expect(told[0]).toMatchObject({ works: false, error: { code: expect.stringMatching(/EEXIST|ENOTDIR/) } });
    file.write("lost as well\n");
    await rm(directory);
    await until(async () => {
      file.write("again\n");
      return told.length === 2;
    });
    expect(told[1]).toMatchObject({ works: true, lostLines: expect.any(Number) });
    await file.close(1_000);
    expect(await content()).toContain("again\n");
  });

  it("that fails in the middle of its life is told once, and goes on when it can", async () => {
    const obstacle = join(directory, "bonfire.log.1");
    await mkdir(join(obstacle, "full"), { recursive: true });
    const told: { works: boolean }[] = [];
    const file = openFile({ sizeBytes: 50, keep: 1, onChange: (change) => void told.push(change), retryMs: 20 });
    file.write(`${"x".repeat(60)}\n`);
    await until(() => told.length === 1);
    expect(told[0]?.works).toBe(false);
    await rm(obstacle, { recursive: true });
    await until(async () => {
      file.write("again\n");
      return told.length === 2;
    });
    await file.close(1_000);
    expect(told.map(({ works }) => works)).toEqual([false, true]);
    expect(await content()).toContain("again\n");
  });

  it("loses lines rather than memory when they come faster than the disk takes them, and says how many", async () => {
    const told: unknown[] = [];
    const file = openFile({ onChange: (change) => void told.push(change) });
    const line = `${"x".repeat(1_023)}\n`;
    for (let i = 0; i < 1_100; i++) file.write(line);
    await until(() => told.length === 1);
    expect(told).toEqual([{ works: true, lostLines: 1_100 - 1_024 }]);
    expect((await stat(path())).size).toBe(1024 * 1024);
  });
});
