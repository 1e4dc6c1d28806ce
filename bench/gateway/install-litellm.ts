import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPython } from "@bonfire/platform/processes/find-python";
import { withPathLock } from "@bonfire/platform/processes/path-lock";

/** Never 1.82.7 or 1.82.8, which were not the project's own. */
const LITELLM_VERSION = "1.101.6";

/** Installs LiteLLM's proxy into the cache folder where it is missing. @returns the path of its Python. */
export async function installLiteLlm(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, "bench", `litellm-${LITELLM_VERSION}`);
  const [python, complete] = [join(folder, "bin", "python"), join(folder, "complete")];
  const run = promisify(execFile);
  await withPathLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) return;
    console.log(`installing LiteLLM ${LITELLM_VERSION} into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    try {
      const { command } = await findPython({ PATH: process.env.PATH ?? "" });
      await run(command, ["-m", "venv", folder]);
      await run(python, ["-m", "pip", "install", "--quiet", `litellm[proxy]==${LITELLM_VERSION}`]);
    } catch (cause) {
      throw new Error("LiteLLM cannot be installed. Leave it out with --without-litellm.", { cause });
    }
    writeFileSync(complete, "");
  });
  return python;
}
