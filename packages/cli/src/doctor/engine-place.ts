import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "@bonfire/platform/config";
import { findOnPath } from "@bonfire/platform/processes/executable";
import { ensurePythonEnvironment, requirementsFile } from "@bonfire/platform/processes/python-environment";

/** The engine that the next start uses. */
export type EnginePlace =
  | { readonly kind: "configured"; readonly path: string }
  | { readonly kind: "on-path"; readonly path: string }
  | { readonly kind: "wheel"; readonly interpreter: string; readonly folder: string }
  /** The next start installs the wheel. */
  | { readonly kind: "missing" };

/** In the order in which the platform looks. */
export async function findEngine({ cache, childEnvironment, llamaServer }: Config): Promise<EnginePlace> {
  if (llamaServer !== undefined) return { kind: "configured", path: llamaServer };
  const [path] = await findOnPath("llama-server", childEnvironment);
  if (path !== undefined) return { kind: "on-path", path };
  const interpreter = await findInstalled(cache, childEnvironment);
  return interpreter === undefined ? { kind: "missing" } : { kind: "wheel", interpreter, folder: dirname(dirname(interpreter)) };
}

/** A signal that has aborted lets the platform find a whole environment, and keeps it from installing one. */
async function findInstalled(cacheDirectory: string, environment: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    await access(join(cacheDirectory, "python"));
    return await ensurePythonEnvironment(requirementsFile("llamacpp"), {
      cacheDirectory,
      environment,
      onProgress: () => undefined,
      signal: AbortSignal.abort(),
    });
  } catch {
    return undefined;
  }
}
