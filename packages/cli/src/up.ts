import { startPlatform } from "@bonfire/platform/main";
import { outliveBrokenPipes } from "./broken-pipe.ts";
import { EXIT } from "./exit.ts";
import { readConfig } from "./home.ts";
import { openPlatformLog } from "./platform-log.ts";
import { registerInstance } from "./running-instance.ts";
import { welcome } from "./welcome.ts";

/** Runs the platform until a signal comes. @returns the exit code. */
export async function up(options: { readonly config?: string }): Promise<number> {
  const config = readConfig(options.config === undefined ? process.env : { ...process.env, BONFIRE_CONFIG: options.config });
  outliveBrokenPipes();
  const { logger, close: closeLog } = openPlatformLog(config);
  const unregister = registerInstance(config.home);
  const interrupts = listenForInterrupts();
  try {
    const startedAt = performance.now();
    const onProgress = (line: string) => process.stderr.write(`${line}\n`);
    const platform = await startPlatform({ config, logger, onProgress, signal: interrupts.first });
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

function listenForInterrupts(): { readonly first: AbortSignal; readonly second: AbortSignal } {
  const first = new AbortController();
  const second = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      const reason = new Error(`${name} was received`);
      if (first.signal.aborted) second.abort(reason);
      else first.abort(reason);
    });
  }
  return { first: first.signal, second: second.signal };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
