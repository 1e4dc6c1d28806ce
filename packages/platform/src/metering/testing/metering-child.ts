import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

interface MeteringChild {
  readonly process: ChildProcess;
  /** What it printed: one JSON value for each line. */
  readonly printed: unknown[];
  /** Resolves when it is gone and all its lines are read. */
  readonly ended: Promise<void>;
}

/** Runs one of the programs beside this file from its source. @param longestFile no file that it writes can grow beyond, units of 512 bytes. */
export function startChild(program: string, args: readonly string[], longestFile?: number): MeteringChild {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const node = [process.execPath, "--import", "tsx", "--conditions", "bonfire-source", path, ...args];
  const command = longestFile === undefined ? node : ["sh", "-c", `ulimit -f ${longestFile} && exec "$@"`, "sh", ...node];
  const [executable = "", ...rest] = command;
  const child = spawn(executable, rest, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, TSX_DISABLE_CACHE: "1" },
  });
  const printed: unknown[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => printed.push(JSON.parse(line)));
  return { process: child, printed, ended: new Promise((resolve) => child.once("close", () => resolve())) };
}
