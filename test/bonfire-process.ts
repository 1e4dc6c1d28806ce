import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BONFIRE = fileURLToPath(new URL("../packages/cli/bin/bonfire.js", import.meta.url));

/** A `bonfire` command that runs, as a terminal would run it: in a process group of its own. */
export interface BonfireProcess {
  readonly pid: number;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly stderrFile: string;
  /** The exit code, or 128 + n where signal n ended it. */
  readonly exited: Promise<number>;
  /** Undefined while it runs. */
  readonly exitCode: () => number | undefined;
  /** To the process alone, as `kill` does. */
  kill(signal: NodeJS.Signals): void;
  /** To its process group, as Ctrl-C in a terminal does. */
  interrupt(): void;
}

export interface BonfireOptions {
  readonly home: string;
  /** On top of what a user has anyway; no setting of Bonfire's comes from the environment of the tests, except where downloads lie. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What was started and has not ended, so that a failed test leaves nothing behind. */
const running = new Map<number, BonfireProcess>();

export function startBonfire(args: readonly string[], { home, env = {} }: BonfireOptions): BonfireProcess {
  const folder = mkdtempSync(join(tmpdir(), "bonfire-output-"));
  const [out, err] = [join(folder, "stdout"), join(folder, "stderr")];
  // Files and no pipes: what is printed stays readable, and nothing blocks or breaks when nobody reads.
  const [outFile, errFile] = [openSync(out, "w"), openSync(err, "w")];
  const child = spawn(process.execPath, [BONFIRE, ...args], {
    detached: true,
    stdio: ["ignore", outFile, errFile],
    env: { ...usersEnvironment(), BONFIRE_HOME: home, ...env },
  });
  closeSync(outFile);
  closeSync(errFile);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} does not start.`);

  let exitCode: number | undefined;
  const bonfire: BonfireProcess = {
    pid,
    stdout: () => readFileSync(out, "utf8"),
    stderr: () => readFileSync(err, "utf8"),
    stderrFile: err,
    exitCode: () => exitCode,
    exited: once(child, "exit").then(([code]: unknown[]) => {
      running.delete(pid);
      exitCode = typeof code === "number" ? code : 128;
      return exitCode;
    }),
    kill: (signal) => {
      child.kill(signal);
    },
    interrupt: () => {
      process.kill(-pid, "SIGINT");
    },
  };
  running.set(pid, bonfire);
  folders.add(folder);
  return bonfire;
}

/** Runs a command to its end. */
export async function runBonfire(
  args: readonly string[],
  options: BonfireOptions,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const bonfire = startBonfire(args, options);
  const exitCode = await bonfire.exited;
  return { exitCode, stdout: bonfire.stdout(), stderr: bonfire.stderr() };
}

const folders = new Set<string>();

/** Ends what still runs, and removes what was printed. */
export async function endAll(): Promise<void> {
  for (const bonfire of running.values()) bonfire.kill("SIGKILL");
  await Promise.all([...running.values()].map(({ exited }) => exited));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

const KEPT = new Set(["BONFIRE_CACHE", "BONFIRE_LLAMA_SERVER"]);

function usersEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => KEPT.has(name) || !(name.startsWith("BONFIRE_") || name === "DATABASE_URL")),
  );
}
