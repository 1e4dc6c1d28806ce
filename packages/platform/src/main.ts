import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import type { CreatedKey } from "@bonfire/protocol/keys";
import { administrationOf } from "./administration.ts";
import { adminEndpoints, inferenceEndpoints, watchEndpoints } from "./endpoints/index.ts";
import { getOpenApi } from "./endpoints/openapi.ts";
import { responseEndpoints } from "./endpoints/response-endpoints.ts";
import { restartWorkers } from "./endpoints/restart.ts";
import { FrontDoor } from "./http/front-door.ts";
import { createHttpServer, type HttpServerOptions } from "./http/http-server.ts";
import { describeApi } from "./http/openapi.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { Lifetime } from "./lifetime.ts";
import { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { ADMIN_SOCKET } from "./processes/admin-socket.ts";
import { claimSocket, SocketTakenError } from "./processes/claim-socket.ts";
import { ensureSocketDirectory } from "./processes/socket-directory.ts";
import { closeDoor, openPort } from "./public-door.ts";
import { readStatus } from "./read-status.ts";
import { ModelDirectory } from "./serving/model-directory.ts";
import type { ServedModel } from "./serving/served-model.ts";
import { startDatabase } from "./start-database.ts";
import { startGateway } from "./start-gateway.ts";
import { ensureFirstKey } from "./start-keys.ts";
import { startLocalModels } from "./start-local-models.ts";
import { startTraces } from "./start-traces.ts";
import { makeWorkers, noWorkers } from "./start-workers.ts";
import { VERSION } from "./version.ts";

export interface Platform {
  /** Base URL for clients, `/v1` included. */
  readonly baseUrl: string;
  readonly models: readonly ServedModel[];
  /** The key that was made because there was none; its secret is known only here. */
  readonly firstKey: CreatedKey | undefined;
  /** Replaces the workers one after the other, without a request that fails of it; absent where there are none. */
  readonly restart?: () => void;
  /** Finishes what runs, for at most `graceMs`, then stops everything that was started. Safe to call twice; a shorter grace counts. */
  stop(graceMs: number): Promise<void>;
}

/** Starts everything. When it fails, or is given up, nothing stays behind. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const lifetime = new Lifetime((part, error) => options.logger.error({ err: error, part }, "could not be stopped"));
  try {
    return await start(options, lifetime);
  } catch (error) {
    await lifetime.end();
    throw options.signal.aborted ? options.signal.reason : error;
  }
}

async function start(options: PlatformOptions, lifetime: Lifetime): Promise<Platform> {
  const { config, logger, onProgress, signal } = options;
  const startedAt = new Date();
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const sockets = await ensureSocketDirectory(config.home);
  const operatorDoor = await claimHome(join(sockets, ADMIN_SOCKET), lifetime);
  const shutdown = new AbortController();
  const door = new FrontDoor();
  const port = await openPort(door, config);
  lifetime.add("listening port", () => closeDoor(door, shutdown.signal));

  const metrics = new Metrics({ version: VERSION });
  lifetime.add("metrics", async () => metrics.stop());
  const tracing = await startTraces(options, lifetime);

  // The models' download and the database's first start know nothing of each other.
  const failure = new AbortController();
  const both = { ...options, signal: AbortSignal.any([signal, failure.signal]) };
  const giveUp = (error: unknown): never => {
    failure.abort(error);
    throw error;
  };
  const directory = new ModelDirectory();
  const [database, local] = await settleAll([
    startDatabase(both, lifetime).catch(giveUp),
    startLocalModels({ ...both, sockets, lifetime, directory, metrics }).catch(giveUp),
  ]);
  signal.throwIfAborted();
  // One of many processes, or the only one: it serves the operator's socket in either case.
  const platformId = randomUUID();
  const gateway = await startGateway({ ...options, platformId, database, directory, metrics, lifetime, shutdown: shutdown.signal });
  const { keys, serving, responses, ledger, attempts } = gateway;
  const firstKey = await ensureFirstKey(options, database, keys);
  metrics.pullFrom({ replicas: () => local.fleet.status().map(({ id, state }) => ({ model: id, state })) });
  const baseUrl = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}/v1`;
  const servedSince = Math.floor(startedAt.getTime() / 1_000);
  const hasWorkers = config.workers > 0;
  const workers = hasWorkers
    ? makeWorkers({ ...options, platformId, sockets, servedSince, database, directory, metrics })
    : noWorkers(metrics);
  const administration = administrationOf(gateway, { directory, models: local.models, database });
  const operators = adminEndpoints({
    ...administration,
    deployments: { ...administration.deployments, board: workers.seen(gateway.board) },
    readStatus: () => readStatus({ home: config.home, baseUrl, startedAt, database, ledger, attempts, local, reports: workers.reports() }),
  });
  const endpoints = [
    ...inferenceEndpoints(serving, servedSince),
    ...responseEndpoints(serving, responses),
    ...workers.tellChanges(operators),
    restartWorkers(workers.restart),
    ...watchEndpoints(serving, { text: workers.metrics, arePublic: config.metricsArePublic }),
  ];
  const described = [...endpoints];
  endpoints.push(getOpenApi(() => describeApi(described, VERSION)));
  const http: Omit<HttpServerOptions, "authenticate"> = { ...HTTP_LIMITS, endpoints, logger, metrics, tracing, shutdown: shutdown.signal };

  // Whoever can open the socket is the operator: it answers without a key.
  await operatorDoor.open(createHttpServer(http));
  // Before anybody is answered: it must be stopped while ledger, models and database are still there.
  lifetime.add("running requests", () => closeDoor(door, shutdown.signal));
  const { corsOrigins, host } = config;
  if (hasWorkers) {
    onProgress(config.workers === 1 ? "starting a worker" : `starting ${config.workers} workers`);
    const listen = await workers.start({ lifetime, shutdown: shutdown.signal });
    // Theirs from now on.
    const closed = door.close();
    await listen({ host, port });
    await closed;
  } else {
    await door.open(createHttpServer({ ...http, corsOrigins, authenticate: (secret) => keys.snapshot.authenticate(secret) }));
  }

  logger.info({ host, port, workers: config.workers, models: serving.models.map((model) => model.id) }, "ready");
  return {
    baseUrl,
    models: serving.models,
    firstKey,
    ...(hasWorkers ? { restart: () => void workers.restart() } : {}),
    stop: async (graceMs) => {
      const timer = setTimeout(() => shutdown.abort(new ApiError("shutting_down", "The server is shutting down.")), graceMs);
      await lifetime.end();
      clearTimeout(timer);
    },
  };
}

/** One instance for each home: the operator's socket is its lock. */
async function claimHome(path: string, lifetime: Lifetime): Promise<FrontDoor> {
  const door = new FrontDoor();
  try {
    const release = await claimSocket(door.server, path);
    lifetime.add("operator's socket", async () => {
      await release();
      await door.close();
    });
    return door;
  } catch (error) {
    if (!(error instanceof SocketTakenError)) throw error;
    throw new Error("Bonfire is running with this home already. Stop it first, or set BONFIRE_HOME to another folder.", { cause: error });
  }
}

/** As `Promise.all`, but waits for every part, so that nothing is still being started when the failure is reported. */
async function settleAll<A, B>(parts: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
