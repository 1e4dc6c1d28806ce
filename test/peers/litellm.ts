import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Child, freePort, startChild } from "../../bench/processes/child.ts";
import { answersOk, until } from "../../bench/processes/until.ts";
import { findPython } from "../../packages/platform/src/processes/find-python.ts";
import { withPathLock } from "../../packages/platform/src/processes/path-lock.ts";

/** Never 1.82.7 or 1.82.8, which were not the project's own. */
const VERSION = "1.101.6";

export interface LiteLlm extends Child {
  /** Ends with `/v1`. */
  readonly url: string;
  readonly key: string;
}

/** A model as it is listed there, and where it leads. */
interface Backend {
  readonly model: string;
  readonly url: string;
  readonly key: string;
}

/** Starts LiteLLM's proxy without a database in front of servers; installs it into the cache folder first where it is missing. */
export async function startLiteLlm(cacheFolder: string, backends: readonly Backend[]): Promise<LiteLlm> {
  const python = await install(join(cacheFolder, "bench", `litellm-${VERSION}`));
  const folder = mkdtempSync(join(tmpdir(), "bonfire-litellm-"));
  const [port, key] = [await freePort(), "sk-peers"];
  const config = join(folder, "config.yaml");
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration(backends, key)));
  const child = startChild({
    command: python,
    args: ["-m", "litellm.proxy.proxy_cli", "--config", config, "--host", "127.0.0.1", "--port", String(port)],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_LOG: "ERROR" },
  });
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const origin = `http://127.0.0.1:${port}`;
    const hasStarted = async () => child.hasEnded() || (await answersOk(`${origin}/health/liveliness`));
    await until("The start of LiteLLM's proxy", hasStarted, { patienceMs: 120_000, everyMs: 100 });
    if (child.hasEnded()) throw new Error(`LiteLLM's proxy ended instead of starting:\n${child.lastLines()}`);
    return { ...child, stop, key, url: `${origin}/v1` };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(backends: readonly Backend[], masterKey: string): object {
  return {
    model_list: backends.map(({ model, url, key }) => ({
      model_name: model,
      litellm_params: { model: `openai/${model}`, api_base: url, api_key: key },
    })),
    general_settings: { master_key: masterKey },
    litellm_settings: { set_verbose: false, num_retries: 0 },
  };
}

/** @returns the path of its Python. */
async function install(folder: string): Promise<string> {
  const [python, complete] = [join(folder, "bin", "python"), join(folder, "complete")];
  const run = promisify(execFile);
  await withPathLock(`${folder}.lock`, async () => {
    if (existsSync(complete)) return;
    console.log(`installing LiteLLM ${VERSION} into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { command } = await findPython({ PATH: process.env.PATH ?? "" });
    await run(command, ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", `litellm[proxy]==${VERSION}`]);
    writeFileSync(complete, "");
  });
  return python;
}
