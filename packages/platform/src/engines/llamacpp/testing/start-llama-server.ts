import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../config.ts";
import { ReplicaSupervisor } from "../../../deployments/replica-supervisor.ts";
import type { Engine, ModelClient, ReplicaConnection } from "../../../engine/engine.ts";
import { createArtifactStore } from "../../../models/artifact-store.ts";
import { DEFAULT_MODEL } from "../../../models/catalog.ts";
import { createPythonTools } from "../../../processes/python-tools.ts";
import { ProcessSubstrate } from "../../../substrates/process/process-substrate.ts";
import { planLaunch } from "../launch-plan.ts";
import { llamacpp } from "../llamacpp.ts";
import { findLlamaServer } from "../server-runtime.ts";
import { writeTinyProjector } from "./tiny-projector.ts";

export interface LlamaServer {
  readonly client: ModelClient;
  readonly slots: number;
  readonly contextLength: number;
  readonly substrate: ProcessSubstrate;
  readonly supervisor: ReplicaSupervisor;
  /** How the client reaches it. */
  readonly connection: ReplicaConnection;
  close(): Promise<void>;
}

interface LlamaServerOptions {
  /** Instead of the model's own chat template. */
  readonly templateFile?: string;
  /** Whether it takes images, by a projector that knows nothing of them. */
  readonly vision?: boolean;
}

/** The length of the default model's embeddings. */
const TEXT_EMBEDDING = 576;

/** The real server with the default model, small enough for a test: two slots of 2,048 tokens. */
export async function startLlamaServer({ templateFile, vision = false }: LlamaServerOptions = {}): Promise<LlamaServer> {
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
  const directory = await mkdtemp(join(tmpdir(), "bonfire-test-"));
  const projectorPath = join(directory, "projector.gguf");
  if (vision) await writeTinyProjector(projectorPath, TEXT_EMBEDDING);
  const planned = planLaunch({
    ...(vision ? { projectorPath } : {}),
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
  const plan = templateFile === undefined ? planned : { ...planned, args: [...planned.args, "--chat-template-file", templateFile] };
  const lines: string[] = [];
  const substrate = new ProcessSubstrate({ socketDirectory: directory, environment, onLine: (_, line) => lines.push(line) });
  let connection: ReplicaConnection | undefined;
  const engine: Engine = {
    ...llamacpp,
    connect: (replica) => {
      connection = replica;
      return llamacpp.connect(replica);
    },
  };
  const supervisor = new ReplicaSupervisor({ model: DEFAULT_MODEL.id, engine, plan, substrate, onEvent: () => undefined });
  await supervisor.start();
  const { client } = supervisor;
  if (client === undefined || connection === undefined) throw new Error(`The server is not ready:\n${lines.join("\n")}`);
  return {
    client,
    slots: plan.slots,
    contextLength: plan.contextLength,
    substrate,
    supervisor,
    connection,
    close: async () => {
      await supervisor.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
