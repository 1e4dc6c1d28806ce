import { findPython } from "./find-python.ts";
import { ensurePythonEnvironment, requirementsFile } from "./python-environment.ts";
import { runCommand } from "./run-command.ts";

/** What the artifact store needs of Python. Both reject with a CommandError when the command fails, or with the signal's reason. */
export interface PythonTools {
  /** `python -m pip <args>`, with temporary files below `temporaryDirectory`. */
  pip(args: readonly string[], options: { readonly temporaryDirectory: string; readonly signal: AbortSignal }): Promise<void>;
  /** A script of the Python project that needs the standard library only. */
  script(path: string, args: readonly string[], signal: AbortSignal): Promise<void>;
}

interface PythonToolsOptions {
  readonly cacheDirectory: string;
  /** Of the child processes: PATH, HOME and pip's own settings. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onProgress: (line: string) => void;
}

/** Looks for Python at the first use, so that a machine without one can do all that needs none. */
export function createPythonTools(options: PythonToolsOptions): PythonTools {
  const { environment, onProgress } = options;
  return {
    async pip(args, { temporaryDirectory, signal }) {
      const python = await findPython(environment, signal);
      const command = python.hasPip ? python.command : await ensurePythonEnvironment(requirementsFile("pip-only"), { ...options, signal });
      const settings = { ...environment, TMPDIR: temporaryDirectory };
      const quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
      const [subcommand, ...rest] = args;
      await runCommand(
        { command, args: ["-m", "pip", ...(subcommand === undefined ? [] : [subcommand]), ...quiet, ...rest], environment: settings },
        onProgress,
        signal,
      );
    },
    async script(path, args, signal) {
      const python = await findPython(environment, signal);
      await runCommand({ command: python.command, args: ["-I", path, ...args], environment }, onProgress, signal);
    },
  };
}
