import { access } from "node:fs/promises";
import { z } from "zod";
import { findOnPath } from "./executable.ts";
import { runCommand } from "./run-command.ts";

/** An interpreter on this machine. */
export interface Python {
  /** Absolute path. */
  readonly command: string;
  /** `3.11.7` */
  readonly version: string;
  /** Whether `-m pip` works without an environment; Debian splits it off. */
  readonly hasPip: boolean;
  /** Whether that pip can install into another environment (`pip --python`, since 22.3), which saves that environment a pip of its own. */
  readonly pipInstallsElsewhere: boolean;
}

const NAMES = ["python3.13", "python3.12", "python3.11", "python3.10", "python3", "python"];
const OLDEST_MINOR = 10;
/** What the interpreter tells about itself. Debian splits off `ensurepip` into python3-venv and `pip` into python3-pip. */
const PROBE = `import json, sys
from importlib import metadata, util
try:
    pip = metadata.version("pip") if util.find_spec("pip") else None
except metadata.PackageNotFoundError:
    pip = None
print(json.dumps({"command": sys.executable, "version": list(sys.version_info[:3]), "pip": pip,
                  "venv": util.find_spec("venv") is not None, "ensurepip": util.find_spec("ensurepip") is not None}))`;

const probeAnswer = z.object({
  command: z.string().min(1),
  version: z.tuple([z.int(), z.int(), z.int()]),
  pip: z.string().nullable(),
  venv: z.boolean(),
  ensurepip: z.boolean(),
});

/**
 * The newest Python on `PATH` of the environment that can make virtual environments; names with a version come first.
 * @throws Error that says what to install, where there is none.
 */
export async function findPython(environment: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Python> {
  const seen: string[] = [];
  for (const name of NAMES) {
    for (const path of await findOnPath(name, environment)) {
      const answer = await probe(path, environment, signal);
      if (answer === undefined) {
        seen.push(`${path} does not run`);
        continue;
      }
      const [major, minor] = answer.version;
      const version = answer.version.join(".");
      if (major !== 3 || minor < OLDEST_MINOR) seen.push(`${path} is ${version}`);
      else {
        const pipInstallsElsewhere = answer.pip !== null && isAtLeast(answer.pip, 22, 3);
        const python = { command: answer.command, version, hasPip: answer.pip !== null, pipInstallsElsewhere };
        if (answer.venv && (answer.ensurepip || pipInstallsElsewhere)) return python;
        seen.push(`${path} (${version}) lacks the modules venv and ensurepip`);
      }
    }
  }
  throw new Error(
    `Bonfire needs Python 3.${OLDEST_MINOR} or newer with its venv module: ${await mend()}. ` +
      (seen.length === 0 ? "No Python was found on PATH." : `Found: ${seen.join("; ")}.`),
  );
}

/** What a candidate says about itself; undefined where it fails, as a pyenv shim of a version that is not selected does. */
async function probe(path: string, environment: Readonly<Record<string, string>>, signal: AbortSignal | undefined) {
  const lines: string[] = [];
  try {
    await runCommand({ command: path, args: ["-c", PROBE], environment }, (line) => lines.push(line), signal);
    return probeAnswer.parse(JSON.parse(lines.find((line) => line.startsWith("{")) ?? ""));
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

async function mend(): Promise<string> {
  try {
    await access("/etc/debian_version");
    return "run `sudo apt-get install python3 python3-venv`";
  } catch {
    return "install it from https://www.python.org/downloads/ or with your package manager";
  }
}
