import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withPathLock } from "./path-lock.ts";

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-lock-"));
  lock = join(folder, "file.lock");
});
afterEach(() => rm(folder, { recursive: true }));

async function leaveLock(owner: { pid: number; host: string; process: string }): Promise<string> {
  await mkdir(lock);
  await writeFile(join(lock, "left"), JSON.stringify(owner));
  return join(lock, "left");
}

test("one holder at a time, everybody gets a turn, nothing is left", async () => {
  let holders = 0;
  let turns = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withPathLock(lock, async () => {
        holders += 1;
        expect(holders).toBe(1);
        await readdir(folder);
        turns += 1;
        holders -= 1;
      }),
    ),
  );
  expect(turns).toBe(8);
  expect(await readdir(folder)).toEqual([]);
});

test("is given back when the work fails", async () => {
  await expect(withPathLock(lock, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withPathLock(lock, () => Promise.resolve(1))).toBe(1);
});

test("a dead process's lock is taken over, also one of an earlier process with our own pid", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  for (const owner of [
    { pid, host: hostname(), process: "another" },
    { pid: process.pid, host: hostname(), process: "another" },
  ]) {
    await leaveLock(owner);
    expect(await withPathLock(lock, () => Promise.resolve("taken"))).toBe("taken");
  }
});

test("waits for a living process until the signal aborts, and says for whom", async () => {
  await leaveLock({ pid: process.ppid, host: hostname(), process: "another" });
  const stop = new AbortController();
  const waiting = withPathLock(lock, () => Promise.resolve(), {
    signal: stop.signal,
    onWait: (holder) => {
      expect(holder).toContain(String(process.ppid));
      stop.abort(new Error("enough"));
    },
  });
  await expect(waiting).rejects.toThrow("enough");
  expect(await readdir(folder)).toEqual(["file.lock"]);
});

test("a holder on another machine counts until it has been silent for a minute", async () => {
  const file = await leaveLock({ pid: 1, host: "elsewhere", process: "another" });
  await withPathLock(lock, () => Promise.resolve(), {
    onWait: () => void utimes(file, new Date(), new Date(Date.now() - 61_000)),
  });
});
