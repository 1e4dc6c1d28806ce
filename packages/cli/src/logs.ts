import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LOG_FILE_NAME } from "@bonfire/platform/observability/log-files";
import { createLineFormatter, readLog } from "@bonfire/platform/observability/log-reader";
import type { LogsOptions } from "./commands/logs-command.ts";
import { CliError, EXIT } from "./exit.ts";
import { homeFolder } from "./home.ts";
import { untilInterrupted } from "./interrupt.ts";
import { logFolder } from "./log-folder.ts";
import { paintFor, plain, printable } from "./terminal-text.ts";

/** Shows the log of this home, whether a platform runs or not. */
export async function showLogs({ follow = false, lines, level, json = false }: LogsOptions): Promise<void> {
  const directory = logFolder(homeFolder());
  if (!follow && !(await isThere(join(directory, LOG_FILE_NAME)))) {
    throw new CliError(`There is no log at ${directory}. A platform with this home writes one, unless log.file is false.`);
  }
  const format = json ? (line: string) => `${line}\n` : forPerson();
  const write = async (signal: AbortSignal | undefined) => {
    for await (const line of readLog({ directory, lines, filter: { level }, follow: signal })) {
      if (!process.stdout.write(format(line))) await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
    }
  };
  if (!follow) return write(undefined);
  // Ctrl-C is how following ends; nothing is cut.
  await untilInterrupted(write, "").catch((error: unknown) => {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.interrupted) throw error;
  });
}

function forPerson(): (line: string) => string {
  const format = createLineFormatter({ colours: paintFor(process.stdout) !== plain });
  // Colours are the formatter's own; what a line carries is not to steer the terminal.
  return (line) =>
    format(JSON.stringify(JSON.parse(line, (_key, value: unknown) => (typeof value === "string" ? printable(value) : value))));
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
