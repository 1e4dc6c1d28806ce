import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import type { CreatedKey } from "@bonfire/protocol/keys";
import { attachUpstream } from "./attach-upstream.ts";
import type { Config } from "./config.ts";
import { GuardedFetch } from "./egress/guarded-fetch.ts";
import { adminEndpoints, inferenceEndpoints, watchEndpoints } from "./endpoints/index.ts";
import { getOpenApi } from "./endpoints/openapi.ts";
import { responseEndpoints } from "./endpoints/response-endpoints.ts";
import { FrontDoor } from "./http/front-door.ts";
import { createHttpServer, type HttpServerOptions } from "./http/http-server.ts";
import { describeApi } from "./http/openapi.ts";
import { IMAGE_LIMITS } from "./images/image-limits.ts";
import { ImageLoader } from "./images/image-loader.ts";
import { loadRequestImages } from "./images/load-request-images.ts";
import { Lifetime } from "./lifetime.ts";
import { Metrics } from "./observability/metrics.ts";
import { startTracing } from "./observability/tracing.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { ADMIN_SOCKET } from "./processes/admin-socket.ts";
import { claimSocket, SocketTakenError } from "./processes/claim-socket.ts";
import { hasCode } from "./processes/error-code.ts";
import { ensureSocketDirectory } from "./processes/socket-directory.ts";
import { readStatus } from "./read-status.ts";
import { AttemptRecorder } from "./serving/attempt-recorder.ts";
import { ModelDirectory } from "./serving/model-directory.ts";
import type { ServedModel } from "./serving/served-model.ts";
import { Serving } from "./serving/serving.ts";
import { startAliases } from "./start-aliases.ts";
import { startDatabase } from "./start-database.ts";
import { ensureFirstKey, startKeys } from "./start-keys.ts";
import { startLedger } from "./start-ledger.ts";
import { startLocalModels } from "./start-local-models.ts";
import { startResponses } from "./start-responses.ts";
import { VERSION } from "./version.ts";

export interface Platform {
  /** Base URL for clients, `/v1` included. */
  readonly baseUrl: string;
  readonly models: readonly ServedModel[];
  /** The key that was made because there was none; its secret is known only here. */
  readonly firstKey: CreatedKey | undefined;
  /** Finishes what runs, for at most `graceMs`, then stops everything that was started. Safe to call twice; a shorter grace counts. */
  stop(graceMs: number): Promise<void>;
}

/** Big enough for conversations with images in them, as the services that clients come from allow. */
const BODY_LIMIT_BYTES = 50 * 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;
/** Addresses of pictures come from clients. */
const IMAGE_FETCH = { allowHttp: false, totalMs: 15_000, connectMs: 5_000 };
const FLUSH_TRACES_MS = 1_000;
/** A client that neither reads nor leaves cannot hold up the end. */
const CLOSE_GRACE_MS = 1_000;

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
  const { config, logger, signal } = options;
  const startedAt = new Date();
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const sockets = await ensureSocketDirectory(config.home);
  const operatorDoor = await claimHome(join(sockets, ADMIN_SOCKET), lifetime);
  const shutdown = new AbortController();
  const door = new FrontDoor();
  const port = await listen(door, config);
  lifetime.add("listening port", () => closeDoor(door, shutdown.signal));

  const metrics = new Metrics({ version: VERSION });
  lifetime.add("metrics", async () => metrics.stop());
  const tracing = await startTracing(config.tracing && { ...config.tracing, serviceVersion: VERSION }, (delivery) => {
    if (delivery.works) logger.info({ part: "tracing" }, "traces are delivered again");
    else logger.warn({ part: "tracing", err: delivery.error }, "traces cannot be delivered; requests are not affected");
  });
  lifetime.add("traces", () => tracing.stop(FLUSH_TRACES_MS));

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
  const keys = await startKeys(options, database, lifetime);
  const aliases = await startAliases(options, database, lifetime);
  directory.useAliases(() => aliases.snapshot.entries);
  const firstKey = await ensureFirstKey(options, database, keys);
  for (const model of await attachUpstream(config.upstream, { logger, signal, lifetime })) {
    metrics.addModel(model.id);
    directory.add(model);
  }

  const ledger = startLedger(options, database, metrics, lifetime);
  const attempts = new AttemptRecorder({ ledger, metrics });
  metrics.pullFrom({
    requests: () => attempts.requestCounts(),
    replicas: () => local.fleet.status().map(({ id, state }) => ({ model: id, state })),
  });
  const images = new ImageLoader({ fetch: config.remoteImages ? new GuardedFetch(IMAGE_FETCH) : undefined, limits: IMAGE_LIMITS });
  const serving = new Serving({
    models: directory,
    attempts,
    loadImages: (requests, stop) => loadRequestImages(images, requests, stop),
  });
  const responses = startResponses({
    retentionMs: config.responsesRetentionMs,
    connection: database,
    lifetime,
    logger,
    shutdown: shutdown.signal,
  });
  const baseUrl = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}/v1`;
  const endpoints = [
    ...inferenceEndpoints(serving, Math.floor(startedAt.getTime() / 1_000)),
    ...responseEndpoints(serving, responses),
    ...adminEndpoints({
      keys,
      models: local.models,
      aliases: { ...aliases, directory },
      readStatus: () => readStatus({ home: config.home, baseUrl, startedAt, database, ledger, attempts, local }),
    }),
    ...watchEndpoints(serving, { text: metrics, arePublic: config.metricsArePublic }),
  ];
  endpoints.push(getOpenApi(describeApi(endpoints, VERSION)));
  const http: Omit<HttpServerOptions, "authenticate"> = {
    endpoints,
    logger,
    metrics,
    tracing,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    keepAliveMs: KEEP_ALIVE_MS,
    shutdown: shutdown.signal,
  };

  // Whoever can open the socket is the operator: it answers without a key.
  await operatorDoor.open(createHttpServer(http));
  // Before anybody is answered: it must be stopped while ledger, models and database are still there.
  lifetime.add("running requests", () => closeDoor(door, shutdown.signal));
  const { corsOrigins } = config;
  await door.open(createHttpServer({ ...http, corsOrigins, authenticate: (secret) => keys.snapshot.authenticate(secret) }));

  logger.info({ host: config.host, port, models: serving.models.map((model) => model.id) }, "ready");
  return {
    baseUrl,
    models: serving.models,
    firstKey,
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

async function listen({ server }: FrontDoor, { host, port }: Config): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    if (hasCode(cause, "EADDRINUSE")) {
      throw new Error(`Port ${port} on ${host} is in use. Choose another one: BONFIRE_PORT=${port + 1}`, { cause });
    }
    if (hasCode(cause, "EADDRNOTAVAIL", "ENOTFOUND")) {
      throw new Error(`${host} is no address of this machine. Set BONFIRE_HOST to one that is, such as 127.0.0.1.`, { cause });
    }
    if (hasCode(cause, "EACCES")) throw new Error(`Port ${port} needs privileges. Choose one above 1023: BONFIRE_PORT=8080`, { cause });
    throw cause;
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** No new requests; running ones end, or are cut when `shutdown` aborts, and a client that neither reads nor leaves soon after. */
async function closeDoor(door: FrontDoor, shutdown: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const cut = () => {
    timer = setTimeout(() => door.server.closeAllConnections(), CLOSE_GRACE_MS);
  };
  if (shutdown.aborted) cut();
  else shutdown.addEventListener("abort", cut, { once: true });
  await door.close();
  clearTimeout(timer);
}

/** As `Promise.all`, but waits for every part, so that nothing is still being started when the failure is reported. */
async function settleAll<A, B>(parts: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
