import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { openOutputFile } from "./output-file.ts";

interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A program that runs beside the benchmark. */
export interface Child {
  readonly pid: number;
  /** The last lines that it printed. */
  lastLines(): string;
  hasEnded(): boolean;
  /** Ends it, by force after a while, and removes what it printed. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const STOP_PATIENCE_MS = 15_000;

export function startChild({ command, args, env }: ChildOptions): Child {
  const output = openOutputFile();
  const child = spawn(command, args, { stdio: ["ignore", output.descriptor, output.descriptor], env: { ...env } });
  output.closeHere();
  if (child.pid === undefined) throw new Error(`${command} does not start.`);
  return {
    pid: child.pid,
    lastLines: output.lastLines,
    hasEnded: () => hasEnded(child),
    stop: async (signal = "SIGTERM") => {
      if (!hasEnded(child)) {
        const exited = once(child, "exit");
        child.kill(signal);
        const force = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
        await exited;
        clearTimeout(force);
      }
      output.remove();
    },
  };
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("No port of 127.0.0.1 is free.");
  return address.port;
}
