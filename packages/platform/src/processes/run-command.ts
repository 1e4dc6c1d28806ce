import { basename } from "node:path";
import { startShimmed } from "./shimmed-process.ts";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the command. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A command that ended with another status than 0; the message ends with the last lines that it printed. */
class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: number;
  readonly lastLines: readonly string[];

  constructor(command: Command, code: number, lastLines: readonly string[]) {
    const shown = [basename(command.command), ...command.args].join(" ");
    super(`\`${shown}\` ended with status ${code}: ${lastLines.slice(-10).join("\n") || "it printed nothing"}`);
    this.code = code;
    this.lastLines = lastLines;
  }
}

const STOP_GRACE_MS = 2_000;

/**
 * Runs a command to its end, behind the shim, so that it ends with the platform.
 * @param onLine gets each line that it prints, on either stream.
 * @throws CommandError, or the signal's reason once the command is gone.
 */
export async function runCommand(command: Command, onLine: (line: string) => void, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { args, environment } = command;
  const running = startShimmed({ command: command.command, args, env: environment, stopSignal: "SIGTERM", graceMs: STOP_GRACE_MS }, onLine);
  const stop = () => void running.stop(STOP_GRACE_MS);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const exit = await running.exited;
    signal?.throwIfAborted();
    if (exit.code !== 0) throw new CommandError(command, exit.code, exit.lastLines);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
