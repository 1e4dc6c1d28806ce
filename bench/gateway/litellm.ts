import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startChild } from "../processes/child.ts";
import { answersOk, until } from "../processes/until.ts";
import { installLiteLlm } from "./install-litellm.ts";
import { MOCK_SHAPES } from "./mock-shapes.ts";
import type { Peer } from "./peer.ts";

const MASTER_KEY = "sk-bench";
const START_PATIENCE_MS = 120_000;

/** Starts LiteLLM's proxy in front of the mock, as its guide to production has it, with a master key and without a database, in one process. */
export async function startLiteLlm(cacheFolder: string, mockPort: number): Promise<Peer> {
  const python = await installLiteLlm(cacheFolder);
  const folder = mkdtempSync(join(tmpdir(), "bonfire-bench-"));
  const config = join(folder, "config.yaml");
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration(`http://127.0.0.1:${mockPort}/v1`)));
  const port = await freePort();
  const startedAt = performance.now();
  const child = startChild({
    command: python,
    args: ["-m", "litellm.proxy.proxy_cli", "--config", config, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LITELLM_MODE: "PRODUCTION",
      LITELLM_LOG: "ERROR",
      // Its list of prices would be fetched at each start.
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
    },
  });
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const hasStarted = async () => child.hasEnded() || (await answersOk(`http://127.0.0.1:${port}/health/readiness`));
    await until("The start of LiteLLM's proxy", hasStarted, { patienceMs: START_PATIENCE_MS });
    if (child.hasEnded()) throw new Error(`LiteLLM's proxy ended instead of starting:\n${child.lastLines()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const readyAfterMs = performance.now() - startedAt;
  return { ...child, stop, port, readyAfterMs, headers: { authorization: `Bearer ${MASTER_KEY}` } };
}

function configuration(mockUrl: string): object {
  return {
    model_list: Object.keys(MOCK_SHAPES).map((model) => ({
      model_name: model,
      litellm_params: { model: `openai/${model}`, api_base: mockUrl, api_key: "none" },
    })),
    general_settings: { master_key: MASTER_KEY },
    // Otherwise one request may become three at the mock.
    litellm_settings: { set_verbose: false, num_retries: 0, request_timeout: 600 },
  };
}
