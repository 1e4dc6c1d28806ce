import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startPlatform } from "@bonfire/platform/main";
import { outliveBrokenPipes } from "./broken-pipe.ts";
import { EXIT } from "./exit.ts";
import { readConfig } from "./home.ts";
import { openPlatformLog } from "./platform-log.ts";
import { registerInstance } from "./running-instance.ts";
import { welcome } from "./welcome.ts";

export interface UpOptions {
  readonly config?: string;
  readonly workers?: number;
}

/** Built: a fork runs no sources. */
const WORKER = fileURLToPath(new URL("../dist/worker.js", import.meta.url));

/** Runs the platform until a signal comes. @returns the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const environment = { ...process.env, ...asVariables(options) };
  const config = readConfig(environment);
  outliveBrokenPipes();
  const { logger, write: onLogLine, close: closeLog } = openPlatformLog(config);
  const unregister = registerInstance(config.home);
  const interrupts = listenForInterrupts();
  try {
    const startedAt = performance.now();
    const onProgress = (line: string) => process.stderr.write(`${line}\n`);
    const workerProgram = { path: WORKER, environment, onLogLine };
    const platform = await startPlatform({ config, logger, onProgress, signal: interrupts.first, workerProgram });
    interrupts.onHangUp = platform.restart;
    process.stdout.write(welcome(platform, (performance.now() - startedAt) / 1_000));
    await untilAborted(interrupts.first);
    process.stderr.write("Stopping: running requests may finish. Press Ctrl-C again to end them now.\n");
    await Promise.race([platform.stop(config.shutdownGraceMs), untilAborted(interrupts.second).then(() => platform.stop(0))]);
    return EXIT.ok;
  } catch (error) {
    if (interrupts.first.aborted) return EXIT.ok;
    // Told in words; the stack is for those who look for it.
    logger.debug({ err: error }, "start failed");
    process.stderr.write(`\nBonfire could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  } finally {
    unregister();
    await closeLog();
  }
}

interface Interrupts {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  /** Called instead at a SIGHUP that does not come of a terminal that was closed. */
  onHangUp: (() => void) | undefined;
}

function listenForInterrupts(): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  const interrupts: Interrupts = { first: first.signal, second: second.signal, onHangUp: undefined };
  const hadTerminal = hasTerminal();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (name === "SIGHUP" && interrupts.onHangUp !== undefined && hasTerminal() === hadTerminal) {
        interrupts.onHangUp();
        return;
      }
      const reason = new Error(`${name} was received`);
      if (first.signal.aborted) second.abort(reason);
      else first.abort(reason);
    });
  }
  return interrupts;
}

/** A process that was started in a terminal loses it when that is closed. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Options win over the variables that they stand for, as variables win over the file. */
function asVariables({ config, workers }: UpOptions): NodeJS.ProcessEnv {
  return {
    ...(config === undefined ? {} : { BONFIRE_CONFIG: config }),
    ...(workers === undefined ? {} : { BONFIRE_WORKERS: String(workers) }),
  };
}
