import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import type { CreatedKey } from "@bonfire/protocol/keys";
import type { Logger } from "pino";
import { KeySnapshot } from "./access/key-snapshot.ts";
import { KeyStore } from "./access/key-store.ts";
import { attachUpstream } from "./attach-upstream.ts";
import type { Config } from "./config.ts";
import { adminEndpoints, healthEndpoints, inferenceEndpoints } from "./endpoints/index.ts";
import { getOpenApi } from "./endpoints/openapi.ts";
import { FrontDoor } from "./http/front-door.ts";
import { createHttpServer, type HttpServerOptions } from "./http/http-server.ts";
import { describeApi } from "./http/openapi.ts";
import { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { ADMIN_SOCKET } from "./processes/admin-socket.ts";
import { claimSocket, SocketTakenError } from "./processes/claim-socket.ts";
import { hasCode } from "./processes/error-code.ts";
import { ensureSocketDirectory } from "./processes/socket-directory.ts";
import type { ServedModel } from "./serving/served-model.ts";
import { Serving } from "./serving/serving.ts";
import { startDefaultModel } from "./start-default-model.ts";
import { openDatabase } from "./storage/database.ts";
import { startEmbeddedPostgres } from "./storage/embedded-postgres.ts";
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

async function start({ config, logger, onProgress, signal }: PlatformOptions, lifetime: Lifetime): Promise<Platform> {
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const sockets = await ensureSocketDirectory(config.home);
  const operatorDoor = await claimHome(join(sockets, ADMIN_SOCKET), lifetime);
  const shutdown = new AbortController();
  const door = new FrontDoor();
  const port = await listen(door, config);
  lifetime.add("listening port", () => closeDoor(door, shutdown.signal));

  // The model's download and the database's first start know nothing of each other.
  const failure = new AbortController();
  const both = AbortSignal.any([signal, failure.signal]);
  const giveUp = (error: unknown): never => {
    failure.abort(error);
    throw error;
  };
  const [keys, defaultModel] = await settleAll([
    startKeys({ config, logger, onProgress, signal: both }, lifetime).catch(giveUp),
    startDefaultModel({ config, logger, onProgress, signal: both, sockets }, lifetime).catch(giveUp),
  ]);
  signal.throwIfAborted();
  const models = [defaultModel, ...(await attachUpstream(config.upstream, { logger, signal, lifetime }))];

  const serving = new Serving(models);
  const endpoints = [...inferenceEndpoints(serving, Math.floor(Date.now() / 1_000)), ...adminEndpoints(keys), ...healthEndpoints(serving)];
  endpoints.push(getOpenApi(describeApi(endpoints, VERSION)));
  const http: Omit<HttpServerOptions, "authenticate"> = {
    endpoints,
    logger,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    keepAliveMs: KEEP_ALIVE_MS,
    shutdown: shutdown.signal,
  };

  // Whoever can open the socket is the operator: it answers without a key.
  await operatorDoor.open(createHttpServer(http));
  // Before anybody is answered: it must be stopped while the database is still there.
  lifetime.add("running requests", () => closeDoor(door, shutdown.signal));
  await door.open(createHttpServer({ ...http, authenticate: (secret) => keys.snapshot.authenticate(secret) }));

  const firstKey = await ensureFirstKey(keys, config.bootstrapKey, logger);
  logger.info({ host: config.host, port, models: models.map((model) => model.id) }, "ready");
  return {
    baseUrl: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}/v1`,
    models,
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

interface Keys {
  readonly store: KeyStore;
  readonly snapshot: KeySnapshot;
}

async function startKeys({ config, logger, onProgress }: PlatformOptions, lifetime: Lifetime): Promise<Keys> {
  const databaseUrl = config.databaseUrl ?? (await startOwnPostgres(config, logger, onProgress, lifetime));
  const connection = await openDatabase(databaseUrl, (error) => logger.warn({ err: error }, "the database closed an idle connection"));
  lifetime.add("database connections", connection.close);
  const store = new KeyStore(connection.database);
  const snapshot = new KeySnapshot(store, (error) => logger.warn({ err: error }, "keys could not be refreshed; the known ones stay valid"));
  await snapshot.start();
  lifetime.add("key snapshot", async () => snapshot.stop());
  return { store, snapshot };
}

async function startOwnPostgres(config: Config, logger: Logger, onProgress: (line: string) => void, lifetime: Lifetime): Promise<string> {
  onProgress("starting the embedded PostgreSQL");
  const postgres = await startEmbeddedPostgres({
    directory: join(config.home, "postgres"),
    log: (line) => logger.debug({ part: "postgres" }, line),
    sudoUser: config.sudoUser,
  });
  lifetime.add("embedded PostgreSQL", postgres.stop);
  void postgres.exited.then(({ code, lastLines }) =>
    logger.error(
      { code, last_lines: lastLines },
      "the embedded PostgreSQL ended; known keys stay valid, changes fail until the next start",
    ),
  );
  return postgres.databaseUrl;
}

/** A chosen key is there from now on; otherwise one is made where there is none at all. */
async function ensureFirstKey({ store, snapshot }: Keys, chosen: string | undefined, logger: Logger): Promise<CreatedKey | undefined> {
  let created: CreatedKey | undefined;
  if (chosen !== undefined) {
    const isNew = await store.ensure({ name: "bootstrap", role: "admin", secret: chosen });
    if (isNew) logger.info("the key in BONFIRE_BOOTSTRAP_KEY was added");
  } else if ((await store.count()) === 0) created = await store.create({ name: "first key", role: "admin" });
  await snapshot.refresh();
  return created;
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
