import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { ReplicaSupervisor } from "./deployments/replica-supervisor.ts";
import { planLaunch } from "./engines/llamacpp/launch-plan.ts";
import { llamacpp } from "./engines/llamacpp/llamacpp.ts";
import { findLlamaServer } from "./engines/llamacpp/server-runtime.ts";
import type { Lifetime } from "./lifetime.ts";
import { type ArtifactProgress, createArtifactStore } from "./models/artifact-store.ts";
import { DEFAULT_MODEL } from "./models/catalog.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { createPythonTools } from "./processes/python-tools.ts";
import type { ServedModel } from "./serving/served-model.ts";
import { ProcessSubstrate } from "./substrates/process/process-substrate.ts";

interface DefaultModelOptions extends PlatformOptions {
  readonly sockets: string;
}

/** Fetches the default model and its engine where they are missing, and starts a replica. Settles when that answers. */
export async function startDefaultModel(
  { config, logger, onProgress, signal, sockets }: DefaultModelOptions,
  lifetime: Lifetime,
): Promise<ServedModel> {
  const { cache, childEnvironment: environment } = config;
  const runtime = await findLlamaServer({
    environment,
    cacheDirectory: cache,
    onProgress,
    signal,
    configured: config.llamaServer,
  });
  const artifacts = createArtifactStore({
    directory: join(cache, "models"),
    huggingFace: config.huggingFace,
    python: createPythonTools({ cacheDirectory: cache, environment, onProgress }),
    onProgress: reportDownload(onProgress),
  });
  const { weights, ...model } = DEFAULT_MODEL;
  const weightsPath = await artifacts.fetch(weights, signal);

  const plan = planLaunch({
    model: model.id,
    weightsPath,
    weightsBytes: weights.sizeBytes,
    contextLength: model.contextLength,
    kvBytesPerToken: model.kvBytesPerToken,
    hardware: { cpuCores: availableParallelism(), memoryBytes: totalmem() },
    runtime,
  });
  const replica = new ReplicaSupervisor({
    model: model.id,
    engine: llamacpp,
    plan,
    substrate: new ProcessSubstrate({
      socketDirectory: sockets,
      environment,
      onLine: (identity, line) => logger.debug({ part: "engine", replica: identity.id }, line),
    }),
    onEvent: ({ state, reason, restartInMs }) => {
      const facts = { model: model.id, state, reason, restart_in_ms: restartInMs };
      if (reason === undefined) logger.debug(facts, "replica");
      else logger.error(facts, "replica ended");
    },
  });
  lifetime.add(`replica of ${model.id}`, () => replica.stop());
  onProgress(`starting the engine with ${model.id}`);
  await replica.start();
  return {
    id: model.id,
    aliases: model.aliases,
    ownedBy: model.id.split("/")[0] ?? "bonfire",
    contextLength: plan.contextLength,
    chat: model.capabilities.includes("chat"),
    state: () => (replica.state === "stopped" ? "failed" : replica.state),
    client: () => replica.client,
  };
}

/** One line when a source is tried and one for each tenth of the file. */
function reportDownload(onProgress: (line: string) => void): (progress: ArtifactProgress) => void {
  let tenths = 0;
  return (progress) => {
    switch (progress.type) {
      case "source":
        tenths = 0;
        return onProgress(`fetching ${progress.fileName} from ${progress.source}`);
      case "source-failed":
        return onProgress(`  not there: ${progress.reason}`);
      case "waiting":
        return onProgress(`waiting for ${progress.holder}, which fetches ${progress.fileName}`);
      case "bytes": {
        const now = Math.floor((progress.receivedBytes / progress.totalBytes) * 10);
        if (now === tenths) return;
        tenths = now;
        return onProgress(`  ${now * 10} % of ${Math.round(progress.totalBytes / 1e6)} MB`);
      }
    }
  };
}
