import { type Command, Option } from "commander";
import { positiveInteger } from "./option-values.ts";
import { examples } from "./shared-options.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

export interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number;
  readonly level?: string;
  readonly json?: boolean;
}

export function addLogsCommand(program: Command): void {
  program
    .command("logs")
    .description("Show the log of the platform, also when it is not running.")
    .option("-f, --follow", "go on with new lines until Ctrl-C")
    .option("-n, --lines <number>", "how many of the newest lines", positiveInteger, 100)
    .addOption(new Option("--level <level>", "only this level and above").choices(LEVELS))
    .option("--json", "the lines as they were written: JSON")
    .addHelpText("after", examples("logs", "logs -f --level warn", "logs -n 1000 --json | jq .msg"))
    .action(async (options: LogsOptions) => (await import("../logs.ts")).showLogs(options));
}
