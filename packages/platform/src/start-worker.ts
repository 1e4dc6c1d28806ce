import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import { SocketForward } from "./egress/socket-forward.ts";
import { forwardedEndpoints } from "./endpoints/forwarded.ts";
import { getHealth, getReadiness } from "./endpoints/health.ts";
import { inferenceEndpoints } from "./endpoints/index.ts";
import { responseEndpoints } from "./endpoints/response-endpoints.ts";
import { connectRelay, RelayedClient } from "./engines/relayed/relayed-client.ts";
import { FrontDoor } from "./http/front-door.ts";
import { createHttpServer } from "./http/http-server.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { Lifetime } from "./lifetime.ts";
import { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { ADMIN_SOCKET } from "./processes/admin-socket.ts";
import { socketDirectory } from "./processes/socket-directory.ts";
import { closeDoor, openPort } from "./public-door.ts";
import { countRequests } from "./read-status.ts";
import { ModelDirectory } from "./serving/model-directory.ts";
import { startDatabase } from "./start-database.ts";
import { type StartedGateway, startGateway } from "./start-gateway.ts";
import { workerLedgers } from "./start-ledger.ts";
import { startTraces } from "./start-traces.ts";
import { VERSION } from "./version.ts";
import { ENGINE_SOCKET } from "./workers/engine-socket.ts";
import { LocalFollower } from "./workers/local-deployment.ts";
import { takeFreeFolder } from "./workers/locked-folder.ts";
import type { ToWorker, WorkerReport } from "./workers/messages.ts";
import { PrimaryLink } from "./workers/primary-link.ts";

type Start = Extract<ToWorker, { type: "start" }>;

const REPORT_MS = 1_000;

/**
 * Runs a gateway in a process that a platform has forked, until that says that it is enough. The primary process keeps what there is only
 * one of: database, engines, and what operators change. @throws when it cannot start.
 */
export async function startWorker(options: Pick<PlatformOptions, "config" | "logger">): Promise<void> {
  const link = new PrimaryLink();
  const lifetime = new Lifetime((part, error) => options.logger.error({ err: error, part }, "could not be stopped"));
  const shutdown = new AbortController();
  const stopped = new Promise<{ readonly patient: boolean }>((resolve) => {
    link.hear({
      stop: ({ patient }) => resolve({ patient }),
      cut: () => {
        shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
        resolve({ patient: false });
      },
    });
  });
  const started = new Promise<Start>((resolve) => link.hear({ start: resolve }));
  try {
    await link.send({ type: "hello" });
    const first = await Promise.race([started, stopped]);
    if ("patient" in first) return;
    const { close, metrics } = await open(options, first, { link, lifetime, shutdown: shutdown.signal });
    await link.send({ type: "ready" });
    await close(await stopped);
    await lifetime.end();
    await link.send({ type: "farewell", metrics: [...(await metrics.values())] });
    metrics.stop();
  } catch (error) {
    await link.send({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    await lifetime.end();
  }
}

interface WorkerParts {
  readonly link: PrimaryLink;
  readonly lifetime: Lifetime;
  readonly shutdown: AbortSignal;
}

/** Everything that answers requests. @returns what ends the public door. */
async function open(
  { config, logger }: Pick<PlatformOptions, "config" | "logger">,
  { platformId, databaseUrl, servedSince, local }: Start,
  { link, lifetime, shutdown }: WorkerParts,
) {
  const folder = await takeFreeFolder(workerLedgers(config.home));
  lifetime.add("ledger's folder", () => folder.release());
  const options: PlatformOptions = {
    config: { ...config, databaseUrl },
    logger,
    onProgress: (line) => logger.debug(line),
    signal: shutdown,
    worker: { platformId, ledgerFolder: folder.path },
  };
  const metrics = new Metrics({ version: VERSION });
  const tracing = await startTraces(options, lifetime);
  const directory = new ModelDirectory();
  followLocal(local, { directory, metrics, link, lifetime, socketPath: join(socketDirectory(config.home), ENGINE_SOCKET) });
  const database = await startDatabase(options, lifetime);
  const gateway = await startGateway({ ...options, platformId, database, directory, metrics, lifetime, shutdown });
  const { serving, responses, keys } = gateway;

  const operator = new SocketForward(join(socketDirectory(config.home), ADMIN_SOCKET));
  lifetime.add("line to the operator's socket", () => operator.close());
  const endpoints = [
    ...inferenceEndpoints(serving, servedSince),
    ...responseEndpoints(serving, responses),
    ...[getHealth(), getReadiness(serving)],
    ...forwardedEndpoints((request) => operator.forward(request), { arePublic: config.metricsArePublic }),
  ];
  const door = new FrontDoor();
  const { corsOrigins } = config;
  const authenticate = (secret: string) => keys.snapshot.authenticate(secret);
  await door.open(createHttpServer({ ...HTTP_LIMITS, endpoints, logger, metrics, tracing, shutdown, corsOrigins, authenticate }));

  link.hear({
    listen: (address) => {
      openPort(door, address).then(
        () => link.send({ type: "listening" }),
        (error: unknown) => link.send({ type: "failed", message: error instanceof Error ? error.message : String(error) }),
      );
    },
    ask: ({ id, what }) => {
      const told =
        what === "metrics" ? metrics.values().then((values) => ({ metrics: [...values] })) : refreshAll(gateway).then(() => ({}));
      void told.catch(() => ({})).then((answer) => link.send({ type: "told", id, ...answer }));
    },
  });
  const reports = setInterval(() => void link.send({ type: "report", report: reportOf(gateway) }), REPORT_MS);
  lifetime.add("reports", async () => clearInterval(reports));
  return {
    metrics,
    close: ({ patient }: { readonly patient: boolean }) =>
      door.server.listening ? closeDoor(door, shutdown, { patient }) : Promise.resolve(),
  };
}

interface LocalParts extends Pick<WorkerParts, "link" | "lifetime"> {
  readonly directory: ModelDirectory;
  readonly metrics: Metrics;
  readonly socketPath: string;
}

/** The models whose engines the primary process keeps. */
function followLocal(local: Start["local"], { directory, metrics, link, lifetime, socketPath }: LocalParts): void {
  const relay = connectRelay(socketPath);
  lifetime.add("line to the engines", () => relay.close());
  const models = new LocalFollower({
    directory,
    onServed: (id) => metrics.addModel(id),
    acquire: async (id, isReady, signal) => {
      const client = new RelayedClient(relay, id);
      if (!isReady) await client.load(signal);
      return { client, release: () => undefined };
    },
  });
  models.follow(local);
  link.hear({ local: ({ deployments }) => models.follow(deployments) });
}

/** What operators have changed is known here when it settles. */
async function refreshAll({ keys, aliases, routes, upstreams }: StartedGateway): Promise<void> {
  await Promise.all([keys.snapshot.refresh(), aliases.snapshot.refresh(), routes.refresh(), upstreams.refresh()]);
}

function reportOf({ attempts, ledger, board }: StartedGateway): WorkerReport {
  return {
    runningRequests: countRequests(attempts),
    runningAttempts: ledger.runningAttempts,
    waitingRows: ledger.rowsWaiting,
    writeAheadBytes: ledger.writeAheadBytes,
    deployments: board.snapshot(Date.now()).map(({ name, inFlight, breaker, retryAtMs, lastFailure, firstTokenMs }) => ({
      ...{ name, inFlight, breaker },
      ...(retryAtMs === undefined ? {} : { retryAtMs }),
      ...(lastFailure === undefined ? {} : { lastFailure: { message: lastFailure.message, atMs: lastFailure.atMs } }),
      ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    })),
  };
}
