import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findLlamaServer } from "./server-runtime.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-runtime-"));
});
afterEach(() => rm(folder, { recursive: true }));

const options = () => ({ environment: { PATH: folder }, cacheDirectory: folder, onProgress: () => undefined });

test("the configured binary wins over PATH, and must be executable", async () => {
  const configured = join(folder, "mine");
  await writeFile(join(folder, "llama-server"), "", { mode: 0o755 });
  await expect(findLlamaServer({ ...options(), configured })).rejects.toThrow(`BONFIRE_LLAMA_SERVER is ${configured}`);
  await writeFile(configured, "");
  await expect(findLlamaServer({ ...options(), configured })).rejects.toThrow("BONFIRE_LLAMA_SERVER");
  await chmod(configured, 0o755);
  expect(await findLlamaServer({ ...options(), configured })).toEqual({ command: configured, leadingArgs: [] });
});

test("llama-server on PATH is used where there is one", async () => {
  await writeFile(join(folder, "llama-server"), "", { mode: 0o755 });
  expect(await findLlamaServer(options())).toEqual({ command: join(folder, "llama-server"), leadingArgs: [] });
});

test("without either the wheel is installed, which needs a Python", async () => {
  await expect(findLlamaServer(options())).rejects.toThrow("Python 3.10 or newer");
});
