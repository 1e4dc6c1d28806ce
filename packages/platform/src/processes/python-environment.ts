import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { findPython, type Python } from "./find-python.ts";
import { withPathLock } from "./path-lock.ts";
import { runCommand } from "./run-command.ts";

/** The repository's `python/` folder; the same place seen from `src/` and from `dist/`. */
export const PYTHON_PROJECT = fileURLToPath(new URL("../../../../python/", import.meta.url));

/** The hash-pinned requirements of one part of the Python project. */
export function requirementsFile(extra: string): string {
  return join(PYTHON_PROJECT, "requirements", `${extra}.txt`);
}

interface PythonEnvironmentOptions {
  readonly cacheDirectory: string;
  /** Of the child processes: PATH, HOME and pip's own settings. Nothing else reaches them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Name of the file that says that an environment is complete; written last. */
const STAMP = "bonfire.json";
/** Tries again, because the pip of a process that was killed may write for a moment longer. */
const REMOVE = { recursive: true, force: true, maxRetries: 10, retryDelay: 200 } as const;
const stamp = z.object({ python: z.string(), version: z.string() });

/** Installs that run in this process, by folder prefix: a second caller waits for the first. */
const running = new Map<string, Promise<string>>();

/**
 * Makes sure that the requirements are installed, in an environment of their own at `<cache>/python/<extra>-<hash>-py3.<minor>`; with
 * that in place it starts no process. Safe for several processes at once; a half-finished install is begun anew.
 * @param requirements path of a file where every line is pinned and hashed; its base name is the name of the extra.
 * @returns absolute path of the environment's interpreter. Use `<interpreter> -m …`, never its console scripts.
 * @throws Error when no fit Python is there, CommandError when pip fails, the signal's reason when it aborts.
 */
export async function ensurePythonEnvironment(requirements: string, options: PythonEnvironmentOptions): Promise<string> {
  const text = await readFile(requirements, "utf8");
  // Wheels differ by platform, and a cache may lie on a disk that several machines share.
  const hash = createHash("sha256").update(`${process.platform}\n${process.arch}\n${text}`).digest("hex").slice(0, 16);
  const extra = basename(requirements, ".txt");
  const prefix = join(options.cacheDirectory, "python", `${extra}-${hash}`);

  const existing = await findReady(prefix);
  if (existing !== undefined) return existing;
  const underWay = running.get(prefix);
  if (underWay !== undefined) return underWay;
  const install = withPathLock(
    `${prefix}.lock`,
    async () => (await findReady(prefix)) ?? (await installInto(prefix, requirements, options)),
    {
      onWait: (holder) => options.onProgress(`${extra}: waiting for ${holder}, which installs the same`),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  ).finally(() => running.delete(prefix));
  running.set(prefix, install);
  return install;
}

/** The environment's Python version is in the folder's name and not in the hash, so that a ready one is found without asking a Python. */
async function findReady(prefix: string): Promise<string | undefined> {
  const names = await readdir(dirname(prefix)).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(`${basename(prefix)}-py`))) {
    const folder = join(dirname(prefix), name);
    if (await isReady(folder)) return interpreterOf(folder);
  }
  return undefined;
}

/** Complete, and its base interpreter is still there: an upgrade of the system's Python leaves a dangling link. */
async function isReady(folder: string): Promise<boolean> {
  try {
    stamp.parse(JSON.parse(await readFile(join(folder, STAMP), "utf8")));
    return (await stat(interpreterOf(folder))).isFile();
  } catch {
    return false;
  }
}

/**
 * Builds where the environment stays, and writes the stamp last: virtual environments do not survive a rename (their scripts and
 * pyvenv.cfg hold absolute paths), and whoever looks for one looks for the stamp.
 */
async function installInto(prefix: string, requirements: string, options: PythonEnvironmentOptions): Promise<string> {
  const { environment, onProgress, signal } = options;
  const python = await findPython(environment, signal);
  const folder = `${prefix}-py${python.version.split(".").slice(0, 2).join(".")}`;
  await rm(folder, REMOVE);
  await mkdir(dirname(folder), { recursive: true });
  try {
    onProgress(`installing ${basename(requirements, ".txt")} with Python ${python.version} into ${folder}`);
    const venv = ["-m", "venv", ...(python.pipInstallsElsewhere ? ["--without-pip"] : []), folder];
    await runCommand({ command: python.command, args: venv, environment }, onProgress, signal);
    const interpreter = interpreterOf(folder);
    const [command, pip] = python.pipInstallsElsewhere ? [python.command, ["--python", interpreter]] : [interpreter, []];
    const quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
    const args = ["-m", "pip", ...pip, "install", ...quiet, "--require-hashes", "--only-binary", ":all:", "-r", requirements];
    await runCommand({ command, args, environment }, onProgress, signal);
    await writeStamp(folder, python);
  } catch (error) {
    await rm(folder, REMOVE);
    throw error;
  }
  return interpreterOf(folder);
}

async function writeStamp(folder: string, python: Python): Promise<void> {
  await writeFile(join(folder, STAMP), `${JSON.stringify({ python: python.command, version: python.version })}\n`);
}

function interpreterOf(folder: string): string {
  return join(folder, "bin", "python");
}
