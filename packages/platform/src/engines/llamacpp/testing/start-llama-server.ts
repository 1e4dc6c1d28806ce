import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../config.ts";
import { ReplicaSupervisor } from "../../../deployments/replica-supervisor.ts";
import type { ModelClient } from "../../../engine/engine.ts";
import { createArtifactStore } from "../../../models/artifact-store.ts";
import { DEFAULT_MODEL } from "../../../models/catalog.ts";
import { createPythonTools } from "../../../processes/python-tools.ts";
import { ProcessSubstrate } from "../../../substrates/process/process-substrate.ts";
import { planLaunch } from "../launch-plan.ts";
import { llamacpp } from "../llamacpp.ts";
import { findLlamaServer } from "../server-runtime.ts";

export interface LlamaServer {
  readonly client: ModelClient;
  readonly slots: number;
  readonly contextLength: number;
  readonly substrate: ProcessSubstrate;
  readonly supervisor: ReplicaSupervisor;
  close(): Promise<void>;
}

/** The real server with the default model, small enough for a test: two slots of 2,048 tokens. */
export async function startLlamaServer(): Promise<LlamaServer> {
  const { cache, childEnvironment: environment, huggingFace } = loadConfig(process.env);
  const onProgress = () => undefined;
  const runtime = await findLlamaServer({ environment, cacheDirectory: cache, onProgress });
  const artifacts = createArtifactStore({
    directory: join(cache, "models"),
    huggingFace,
    python: createPythonTools({ cacheDirectory: cache, environment, onProgress }),
    onProgress,
  });
  const weightsPath = await artifacts.fetch(DEFAULT_MODEL.weights, AbortSignal.timeout(300_000));
  const { kvBytesPerToken, weights } = DEFAULT_MODEL;
  const contextLength = 2_048;
  // Memory that holds two slots of the context, and not three.
  const ramBytes = weights.sizeBytes + 256 * 1024 * 1024 + 2.5 * contextLength * kvBytesPerToken;
  const plan = planLaunch({
    model: DEFAULT_MODEL.id,
    weightsPath,
    weightsBytes: weights.sizeBytes,
    contextLength,
    kvBytesPerToken,
    layers: DEFAULT_MODEL.layers,
    cpuCores: 2,
    budget: { ramBytes, vramBytes: 0 },
    runtime,
  });
  const sockets = await mkdtemp(join(tmpdir(), "bonfire-test-"));
  const lines: string[] = [];
  const substrate = new ProcessSubstrate({ socketDirectory: sockets, environment, onLine: (_, line) => lines.push(line) });
  const supervisor = new ReplicaSupervisor({ model: DEFAULT_MODEL.id, engine: llamacpp, plan, substrate, onEvent: () => undefined });
  await supervisor.start();
  const { client } = supervisor;
  if (client === undefined) throw new Error(`The server is not ready:\n${lines.join("\n")}`);
  return {
    client,
    slots: plan.slots,
    contextLength: plan.contextLength,
    substrate,
    supervisor,
    close: async () => {
      await supervisor.stop();
      await rm(sockets, { recursive: true, force: true });
    },
  };
}
