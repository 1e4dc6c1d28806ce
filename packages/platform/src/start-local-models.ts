import { join } from "node:path";
import { chooseBudget } from "./deployments/choose-budget.ts";
import type { LocalDeployment } from "./deployments/local-deployment.ts";
import { ModelFleet } from "./deployments/model-fleet.ts";
import { ModelNotReadyError } from "./deployments/model-not-ready-error.ts";
import { planLaunch } from "./engines/llamacpp/launch-plan.ts";
import { llamacpp } from "./engines/llamacpp/llamacpp.ts";
import { findLlamaServer, type LlamaServerRuntime } from "./engines/llamacpp/server-runtime.ts";
import { detectHardware } from "./hardware/detect-hardware.ts";
import type { Hardware } from "./hardware/hardware.ts";
import type { Lifetime } from "./lifetime.ts";
import { describeProgress } from "./local-models/describe-model.ts";
import { LocalModels } from "./local-models/local-models.ts";
import type { InstalledModel } from "./models/installed-model.ts";
import { createModelLibrary } from "./models/model-library.ts";
import type { ModelProgress } from "./models/progress.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { createPythonTools } from "./processes/python-tools.ts";
import type { ModelDirectory } from "./serving/model-directory.ts";
import { ProcessSubstrate } from "./substrates/process/process-substrate.ts";
import { watchFleet } from "./watch-fleet.ts";

interface LocalModelsWiring extends PlatformOptions {
  readonly sockets: string;
  readonly lifetime: Lifetime;
  readonly directory: ModelDirectory;
  readonly metrics: Metrics;
}

export interface RunningModels {
  readonly models: LocalModels;
  readonly fleet: ModelFleet;
  readonly hardware: Hardware;
}

/**
 * Makes the models of this machine available. Those that are to be loaded at start are fetched where they are missing, and their engines
 * started; it settles when they answer. The others are loaded at their first request.
 */
export async function startLocalModels(wiring: LocalModelsWiring): Promise<RunningModels> {
  const { config, logger, onProgress, signal, sockets, lifetime, directory, metrics } = wiring;
  const { cache, childEnvironment: environment } = config;
  const hardware = await detectHardware({ environment, onProblem: (line) => logger.warn(line) });
  const machine = { memoryBytes: hardware.memoryBytes, vramBytes: sum(hardware.accelerators.map((gpu) => gpu.memoryBytes)) };
  const library = createModelLibrary({
    directory: join(cache, "models"),
    huggingFace: config.huggingFace,
    python: createPythonTools({ cacheDirectory: cache, environment, onProgress }),
    machine,
    onProblem: (problem, cause) => logger.warn({ err: cause }, problem),
  });
  const substrate = new ProcessSubstrate({
    socketDirectory: sockets,
    environment,
    onLine: ({ id, model }, line) => logger.debug({ part: "engine", model, replica: id }, line),
  });
  const fleet = new ModelFleet({
    budget: chooseBudget(hardware, { ramBytes: config.models.memoryBytes, vramBytes: config.models.gpuMemoryBytes }),
    substrate,
    loadWaitMs: config.models.loadWaitMs,
    onEvent: watchFleet(logger, metrics),
  });
  // Requests have been drained by then.
  lifetime.add("models", () => fleet.stop(0));

  const findRuntime = once(() =>
    findLlamaServer({ environment, cacheDirectory: cache, onProgress, signal, configured: config.llamaServer }),
  );
  const deploy = async (model: InstalledModel, { pinned }: { readonly pinned: boolean }): Promise<LocalDeployment> => {
    const runtime = await findRuntime();
    const plan = planFor(model, runtime, hardware);
    return { id: model.id, engine: llamacpp, plan, pinned, keepAliveMs: pinned ? undefined : config.models.keepAliveMs };
  };
  const models = new LocalModels({ library, fleet, directory, machine, deploy, onServed: (id) => metrics.addModel(id) });

  const preloaded: InstalledModel[] = [];
  for (const name of config.models.preload) {
    const model = (await library.find(name)) ?? (await library.pull(name, { signal, onProgress: reportTo(onProgress) }));
    const whole = model.missingFiles.length === 0 ? model : await library.pull(model.source, { signal, onProgress: reportTo(onProgress) });
    preloaded.push(whole);
    await models.serve(whole, { pinned: true });
  }
  await Promise.all(preloaded.map((model) => loadAtStart(model.id, wiring, fleet)));
  await serveInstalled();
  return { models, fleet, hardware };

  /** A model that nobody needs at start is no reason not to start. */
  async function serveInstalled(): Promise<void> {
    for (const model of await library.list()) {
      await models.serve(model).catch((error: unknown) => {
        signal.throwIfAborted();
        logger.error({ err: error, model: model.id }, "this model cannot be served");
      });
    }
  }
}

async function loadAtStart(id: string, { onProgress, signal }: LocalModelsWiring, fleet: ModelFleet): Promise<void> {
  onProgress(`starting the engine with ${id}`);
  try {
    await fleet.load(id, signal);
  } catch (error) {
    if (!(error instanceof ModelNotReadyError)) throw error;
    throw new Error(`${error.message} ${error.reason ?? ""}`.trim(), { cause: error });
  }
}

function planFor(model: InstalledModel, runtime: LlamaServerRuntime, detected: Hardware): LocalDeployment["plan"] {
  const [weightsPath] = model.weightsPaths;
  const { projectorPath } = model;
  // The wheel's server computes on the CPU alone: memory of a GPU must not be planned for it.
  const usesGpu = runtime.leadingArgs.length === 0;
  return (budget) =>
    planLaunch({
      model: model.id,
      weightsPath,
      weightsBytes: model.weightsBytes,
      layers: model.layers,
      contextLength: model.contextLength,
      kvBytesPerToken: model.kvBytesPerToken,
      cpuCores: detected.cpuCores,
      budget: usesGpu ? budget : { ...budget, vramBytes: 0 },
      runtime,
      ...(projectorPath === undefined ? {} : { projectorPath }),
    });
}

/** One line for each step and one for each tenth of the model. */
function reportTo(onProgress: (line: string) => void): (progress: ModelProgress) => void {
  let tenths = 0;
  return (progress) => {
    const event = describeProgress(progress);
    if (event?.type === "message") {
      tenths = 0;
      onProgress(event.text);
    } else if (event?.type === "bytes" && event.total_bytes !== null) {
      const now = Math.floor((event.received_bytes / event.total_bytes) * 10);
      if (now === tenths) return;
      tenths = now;
      onProgress(`  ${now * 10} % of ${Math.round(event.total_bytes / 1e6)} MB`);
    }
  };
}

/** The first call does the work; one that failed is tried again. */
function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
