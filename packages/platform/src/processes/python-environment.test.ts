import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPython } from "./find-python.ts";
import { ensurePythonEnvironment, PYTHON_PROJECT } from "./python-environment.ts";
import { runCommand } from "./run-command.ts";
import { offlinePipEnvironment, writeTinyWheel } from "./testing/tiny-wheel.ts";

let folder: string;
let requirements: string;
let environment: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-python-"));
  environment = offlinePipEnvironment(folder);
  const sha256 = await writeTinyWheel(folder, "bonfire-tiny", "1.0.0", { "bonfire_tiny.py": "value = 42\n" });
  requirements = join(folder, "tiny.txt");
  await writeFile(requirements, `bonfire-tiny==1.0.0 --hash=sha256:${sha256}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

const options = (lines: string[] = []) => ({
  cacheDirectory: join(folder, "cache"),
  environment,
  onProgress: (line: string) => void lines.push(line),
});

test("installs once for several callers, then starts no process, and repairs a half-finished install", { timeout: 60_000 }, async () => {
  const [first, second] = await Promise.all([
    ensurePythonEnvironment(requirements, options()),
    ensurePythonEnvironment(requirements, options()),
  ]);
  expect(second).toBe(first);
  const said: string[] = [];
  await runCommand({ command: first, args: ["-c", "import bonfire_tiny; print(bonfire_tiny.value)"], environment }, (line) =>
    said.push(line),
  );
  expect(said).toEqual(["42"]);

  // With no PATH there is no Python to ask.
  expect(await ensurePythonEnvironment(requirements, { ...options(), environment: {} })).toBe(first);

  await rm(join(dirname(dirname(first)), "bonfire.json"));
  const lines: string[] = [];
  expect(await ensurePythonEnvironment(requirements, options(lines))).toBe(first);
  expect(lines.join("\n")).toContain("Successfully installed");
  expect(await readdir(join(folder, "cache", "python"))).toHaveLength(1);
});

test("a wrong hash fails with pip's words and leaves nothing", { timeout: 60_000 }, async () => {
  const wrong = join(folder, "wrong.txt");
  await writeFile(wrong, `bonfire-tiny==1.0.0 --hash=sha256:${"0".repeat(64)}\n`);
  await expect(ensurePythonEnvironment(wrong, options())).rejects.toThrow(/HASH/i);
  expect((await readdir(join(folder, "cache", "python"))).filter((name) => name.startsWith("wrong"))).toEqual([]);
});

test("no Python, or one that is unfit, is an error that says what to install", async () => {
  await expect(findPython({ PATH: folder })).rejects.toThrow(/Python 3.10 or newer.*No Python was found on PATH/s);
  await writeFile(
    join(folder, "python3"),
    `#!/bin/sh\necho '{"command": "/old/python3", "version": [3, 9, 2], "venv": true, "ensurepip": true, "pip": "25.0"}'\n`,
    { mode: 0o755 },
  );
  await writeFile(
    join(folder, "python3.12"),
    `#!/bin/sh\necho '{"command": "/usr/bin/python3", "version": [3, 12, 1], "venv": true, "ensurepip": false, "pip": "22.0.2"}'\n`,
    { mode: 0o755 },
  );
  await expect(findPython({ PATH: folder })).rejects.toThrow(
    /python3.12 \(3.12.1\) lacks the modules venv and ensurepip; .*python3 is 3.9.2/,
  );
});

test("the Python project is found from here", async () => {
  expect(await readFile(join(PYTHON_PROJECT, "requirements", "llamacpp.txt"), "utf8")).toContain("xllamacpp==");
});
