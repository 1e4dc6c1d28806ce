import cluster from "node:cluster";
import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import type { DeploymentsSeen } from "./endpoints/deployments.ts";
import type { Answer, Endpoint } from "./endpoints/endpoint.ts";
import type { MetricsText } from "./endpoints/metrics.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Metrics } from "./observability/metrics.ts";
import { PlatformMetrics } from "./observability/platform-metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { claimSocket } from "./processes/claim-socket.ts";
import type { ModelDirectory } from "./serving/model-directory.ts";
import type { RunningDatabase } from "./start-database.ts";
import { recoverWorkerLedgers } from "./start-ledger.ts";
import { createEngineDoor } from "./workers/engine-door.ts";
import { ENGINE_SOCKET } from "./workers/engine-socket.ts";
import { describeLocal } from "./workers/local-deployment.ts";
import type { WorkerReport } from "./workers/messages.ts";
import { seenTogether } from "./workers/seen-together.ts";
import { WorkerPool } from "./workers/worker-pool.ts";
import { WorkerProcess } from "./workers/worker-process.ts";

interface WorkersOptions extends PlatformOptions {
  readonly platformId: string;
  readonly sockets: string;
  readonly servedSince: number;
  readonly database: RunningDatabase;
  readonly directory: ModelDirectory;
  readonly metrics: Metrics;
}

/** What the primary process has of its workers. Where there are none, it does everything itself. */
export interface Workers {
  readonly reports: () => readonly WorkerReport[];
  readonly metrics: MetricsText;
  /** How deployments are, as all processes see them together. */
  readonly seen: (own: DeploymentsSeen) => DeploymentsSeen;
  /** What is changed by these is known to all workers when the answer goes out. */
  readonly tellChanges: (endpoints: readonly Endpoint[]) => readonly Endpoint[];
  /** Begins to replace them. @returns how many there are. @throws ApiError `conflict` where there are none. */
  readonly restart: () => number;
  /** Forks them. @returns what lets them take connections; when it settles, they do. @throws when they cannot start. */
  readonly start: (options: {
    readonly lifetime: Lifetime;
    readonly shutdown: AbortSignal;
  }) => Promise<(address: Address) => Promise<void>>;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** How soon workers hear of what becomes of a local model. */
const LOOK_MS = 100;

export function noWorkers(metrics: Metrics): Workers {
  return {
    metrics,
    reports: () => [],
    seen: (own) => own,
    tellChanges: (endpoints) => endpoints,
    restart: () => {
      throw new ApiError("conflict", "This platform has no workers to replace: start it with --workers, or BONFIRE_WORKERS.");
    },
    start: () => Promise.reject(new Error("There are no workers.")),
  };
}

/** Gateway processes beside this one. This one keeps what there can be only one of: database, engines, the operator's socket. */
export function makeWorkers(options: WorkersOptions): Workers {
  const { config, logger, workerProgram, platformId, sockets, servedSince, database, directory, metrics, signal } = options;
  if (workerProgram === undefined) throw new Error("Workers are asked for (BONFIRE_WORKERS), but there is no program for them.");
  const { path, environment, onLogLine } = workerProgram;
  const all = new PlatformMetrics(metrics);
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: path, args: [], silent: true });
  const pool = new WorkerPool({
    size: config.workers,
    restartGraceMs: config.restartGraceMs,
    fork: () =>
      new WorkerProcess({
        worker: cluster.fork(environment),
        start: { type: "start", platformId, databaseUrl: database.url, servedSince, local: [...describeLocal(directory)] },
        onLogLine: (line) => {
          if (line.startsWith("{")) onLogLine(line);
          else logger.error({ part: "worker" }, line);
        },
      }),
    onListening: ({ pid }) => logger.info({ worker: pid }, "a worker takes requests"),
    onDeath: (pid, reason, restartInMs) =>
      logger.error({ worker: pid, reason, restart_in_ms: restartInMs }, "a worker ended; another one takes its place"),
    onEnd: (worker) => {
      void all.keep(worker.metrics);
      recover();
    },
    onRestart: (event) => {
      if ("replaced" in event) logger.info(event, "the workers were replaced");
      else logger.error({ err: event.error }, "workers could not be replaced; those that are left go on");
    },
  });
  let recovering = Promise.resolve();
  let isRecoveryAhead = false;
  const recover = () => {
    // One that has not begun will find this worker's folder, too.
    if (isRecoveryAhead) return;
    isRecoveryAhead = true;
    recovering = recovering
      .then(() => {
        isRecoveryAhead = false;
        return recoverWorkerLedgers(options, database, metrics);
      })
      .catch((error: unknown) => logger.error({ part: "ledger", err: error }, "what workers left in their ledgers could not be recovered"));
  };

  let told = "";
  /** @returns whether there was something to tell. */
  const tellLocal = (): boolean => {
    const deployments = [...describeLocal(directory)];
    const now = JSON.stringify(deployments);
    if (now === told) return false;
    told = now;
    pool.broadcast({ type: "local", deployments });
    return true;
  };
  const tell = async (): Promise<void> => {
    tellLocal();
    await pool.ask("refresh");
  };

  return {
    reports: () => pool.reports,
    metrics: {
      contentType: all.contentType,
      render: async () => {
        await pool.ask("metrics");
        return all.render(pool.workers.map((worker) => worker.metrics));
      },
    },
    seen: (own) => seenTogether(own, () => pool.reports.map(({ deployments }) => deployments)),
    tellChanges: (endpoints) =>
      endpoints.map((endpoint) =>
        endpoint.permission !== "admin" || endpoint.method === "GET"
          ? endpoint
          : {
              ...endpoint,
              handle: async (request, caller) => {
                const answer = await endpoint.handle(request, caller);
                if ("frames" in answer)
                  return { ...answer, frames: afterEach(answer.frames, async () => void (tellLocal() && (await tell()))) };
                await tell();
                return answer;
              },
            },
      ),
    restart: () => {
      pool.restart();
      return pool.size;
    },
    start: async ({ lifetime, shutdown }) => {
      recover();
      lifetime.add("workers' ledgers", () => recovering);
      const engines = createEngineDoor(async (model, asked) => {
        const deployment = directory.deployments().find((one) => one.usageSource === "engine" && one.model === model);
        if (deployment === undefined) throw new ApiError("model_unavailable", `${model} was removed.`);
        return deployment.acquire(asked);
      });
      const release = await claimSocket(engines, join(sockets, ENGINE_SOCKET));
      lifetime.add("engines for workers", async () => {
        await release();
        engines.closeAllConnections();
        engines.close();
      });
      lifetime.add("workers", () => pool.stop(shutdown));
      await pool.start(signal);
      const looking = setInterval(tellLocal, LOOK_MS);
      lifetime.add("look at local models", async () => clearInterval(looking));
      return (address) => pool.listen(address, signal);
    },
  };
}

type Frames = Extract<Answer, { frames: unknown }>["frames"];

/** Before each frame goes out. */
async function* afterEach(
  frames: Frames,
  act: () => Promise<void>,
): AsyncGenerator<Frames extends AsyncIterable<infer Frame> ? Frame : never> {
  for await (const frame of frames) {
    await act();
    yield frame;
  }
}
