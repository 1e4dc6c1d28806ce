import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What the shim is told on stdin; never in argv, because the environment may hold a secret. */
export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the command: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Unprivileged user to run as; only root can ask for it. */
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** How long after the stop signal the whole process group is killed, when the platform died. */
  readonly graceMs: number;
}

export interface ProcessExit {
  /** 128 + signal for a command that was killed, 127 for one that could not be started. */
  readonly code: number;
  /** The last lines of output, oldest first: what an error message quotes. */
  readonly lastLines: readonly string[];
}

/** A child process that cannot outlive the platform. */
export interface ShimmedProcess {
  /** Of the shim: the command is its only child. */
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Asks the command to stop and waits until it is gone. Safe to call twice, and after it has ended. */
  stop(graceMs: number): Promise<ProcessExit>;
}

/** The same place seen from `src/` and from `dist/`. */
const SHIM = fileURLToPath(new URL("../../shim/shim.mjs", import.meta.url));
const KEPT_LINES = 40;
const LAST_LINES_MS = 500;

/** Starts a command behind the shim. `onLine` gets each line that it prints, on either stream. */
export function startShimmed(plan: ProcessPlan, onLine: (line: string) => void): ShimmedProcess {
  const shim = spawn(process.execPath, [SHIM], { detached: true, stdio: ["pipe", "pipe", "pipe"], env: {} });
  // Writing to a shim that has just died is no error of ours: `exited` tells.
  shim.stdin.on("error", () => undefined);
  shim.stdin.write(`${JSON.stringify(plan)}\n`);

  const lastLines: string[] = [];
  for (const stream of [shim.stdout, shim.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lastLines.push(line);
      if (lastLines.length > KEPT_LINES) lastLines.shift();
      onLine(line);
    });
  }
  const exited = waitForExit(shim, lastLines);
  return {
    pid: shim.pid ?? -1,
    exited,
    stop: (graceMs) => {
      shim.stdin.write(`${JSON.stringify({ graceMs })}\n`);
      return exited;
    },
  };
}

async function waitForExit(shim: ChildProcess, lastLines: readonly string[]): Promise<ProcessExit> {
  try {
    const closed = once(shim, "close");
    const [code]: unknown[] = await once(shim, "exit");
    // The last lines may still be on their way; but where the shim was killed alone, its command keeps the streams open.
    await Promise.race([closed, delay(LAST_LINES_MS, undefined, { ref: false })]);
    return { code: typeof code === "number" ? code : 137, lastLines };
  } catch (error) {
    return { code: 127, lastLines: [error instanceof Error ? error.message : String(error)] };
  }
}
