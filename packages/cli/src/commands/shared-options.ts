import type { Command } from "commander";
import { BONFIRE } from "../program-name.ts";

/** Takes an exit code of its own, for commands that end well with another one than 0. */
export type Finish = (exitCode: number) => void;

export interface ConnectionOptions {
  readonly url?: string;
  readonly adminKey?: string;
  readonly json?: boolean;
}

/** For commands that talk to a running platform and print what it says. */
export function onPlatform(command: Command): Command {
  return command
    .option(
      "--url <url>",
      "base URL of a platform elsewhere, such as http://10.0.0.5:8080 (default: the one of BONFIRE_HOME on this machine)",
    )
    .option("--admin-key <key>", "an admin key for --url (better in BONFIRE_ADMIN_KEY, where no process list shows it)")
    .option("--json", "print what programs can read");
}

/** Help lines with command lines to try, given without the program's name. */
export function examples(...commandLines: readonly string[]): string {
  return `\n${commandLines.length === 1 ? "Example" : "Examples"}:\n${commandLines.map((line) => `  ${withProgram(line)}`).join("\n")}`;
}

/** The place of the program in a line where something stands before it, such as `KEY=$(@ keys create app)`. */
function withProgram(line: string): string {
  return line.includes("@") ? line.replace("@", BONFIRE) : `${BONFIRE} ${line}`;
}

export const ABOUT_CONNECTION = `
Without --url the commands talk to the platform that runs on this machine for BONFIRE_HOME, through a socket that only its owner can open.`;

export const ABOUT_EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no platform answers, 130 cut by Ctrl-C.`;
