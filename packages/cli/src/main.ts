import { CommanderError } from "commander";
import { endAtBrokenPipe } from "./broken-pipe.ts";
import { CliError, EXIT } from "./exit.ts";
import { buildProgram } from "./program.ts";

/** Runs one command line. @returns the exit code */
export async function runCli(args: readonly string[]): Promise<number> {
  endAtBrokenPipe();
  let exitCode: number = EXIT.ok;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : [...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  return exitCode;
}
