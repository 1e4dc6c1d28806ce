import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeFreeFolder, withLeftFolders } from "./locked-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bf-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function left(): Promise<string[]> {
  const seen: string[] = [];
  await withLeftFolders(root, async (path) => {
    seen.push(basename(path));
  });
  return seen.sort();
}

describe("a folder of a worker", () => {
  it("is the first one that nobody has", async () => {
    const [first, second] = [await takeFreeFolder(root), await takeFreeFolder(root)];
    expect([first.path, second.path].map((path) => basename(path))).toEqual(["1", "2"]);
    await first.release();
    const again = await takeFreeFolder(root);
    expect(again.path).toBe(first.path);
    await again.release();
    await second.release();
  });

  it("is left when its worker has ended, however that happened", async () => {
    const held = await takeFreeFolder(root);
    const released = await takeFreeFolder(root);
    await released.release();
    await mkdir(join(root, "3", "lock"), { recursive: true });
    // No process has a pid as large as that.
    await writeFile(join(root, "3", "lock", "x"), JSON.stringify({ pid: 2 ** 30, host: hostname(), process: "x" }));
    expect(await left()).toEqual(["2", "3"]);
    await held.release();
    expect(await left()).toEqual(["1", "2", "3"]);
  });

  it("is nowhere before there were workers", async () => {
    await rm(root, { recursive: true });
    expect(await left()).toEqual([]);
  });
});
