import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { pino } from "pino";
import { loadConfig } from "../../config.ts";
import { createHttpServer } from "../../http/http-server.ts";
import { UNOBSERVED } from "../../http/testing/unobserved.ts";
import { Lifetime } from "../../lifetime.ts";
import type { Deployment } from "../../routing/deployment.ts";
import { DeploymentBoard } from "../../routing/deployment-board.ts";
import { startAliases } from "../../start-aliases.ts";
import { startResources } from "../../start-resources.ts";
import { startRoutes } from "../../start-routes.ts";
import { startUpstreams } from "../../start-upstreams.ts";
import { connectDatabase } from "../../storage/database.ts";
import { startEmbeddedPostgres } from "../../storage/embedded-postgres.ts";
import { applyResources } from "../apply.ts";
import { changeDeployment, listDeployments } from "../deployments.ts";
import { getRoute, listRoutes, putRoute, removeRoute } from "../routes.ts";
import { rotateSecrets } from "../secrets.ts";
import { getUpstream, listUpstreams, putUpstream, refreshUpstream, removeUpstream } from "../upstreams.ts";

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A PostgreSQL of its own, on which gateways can be started. */
export async function startResourceDatabase() {
  const folder = await mkdtemp(join(tmpdir(), "bonfire-resources-"));
  const start = () => startEmbeddedPostgres({ directory: join(folder, "postgres"), log: () => undefined });
  let postgres = await start();
  const { databaseUrl } = postgres;
  return {
    databaseUrl,
    newHome: () => mkdtemp(join(folder, "home-")),
    goAway: () => postgres.stop(),
    comeBack: async () => {
      postgres = await start();
    },
    close: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface GatewayOptions {
  readonly databaseUrl: string;
  readonly home: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What of a platform has to do with resources, with its endpoints. */
export async function startResourceGateway({ databaseUrl, home, environment = {} }: GatewayOptions) {
  const logged: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => logged.push(line) });
  const config = loadConfig({ BONFIRE_HOME: home, ...environment });
  const options = { config, logger, onProgress: () => undefined, signal: new AbortController().signal };
  const lifetime = new Lifetime((part, error) => logged.push(`${part}: ${String(error)}`));
  const connection = connectDatabase({ url: databaseUrl, name: "the database", onState: () => undefined });
  lifetime.add("database", () => connection.close());
  await connection.tried;

  const deployments = new Map<string, readonly Deployment[]>();
  const isDeployment = (name: string) => [...deployments.values()].flat().some((one) => one.name === name);
  const upstreams = await startUpstreams(options, {
    connection,
    lifetime,
    onDeployments: (upstream, all) => deployments.set(upstream, all),
  });
  const routes = await startRoutes(options, connection, lifetime);
  const aliases = await startAliases(options, connection, lifetime);
  const application = startResources({ connection, upstreams, routes, aliases, models: async () => [], isDeployment });
  const board = new DeploymentBoard();
  const ofDeployments = {
    deployments: () => [...deployments.values()].flat(),
    ...{ board, store: routes.drained, table: routes.table, refresh: routes.refresh, now: Date.now },
  };
  const app = createHttpServer({
    endpoints: [
      ...[listUpstreams, getUpstream, putUpstream, removeUpstream, refreshUpstream].map((endpoint) => endpoint(upstreams)),
      ...[listRoutes, getRoute, putRoute, removeRoute].map((endpoint) => endpoint({ ...routes, isDeployment })),
      ...[listDeployments, changeDeployment].map((endpoint) => endpoint(ofDeployments)),
      applyResources(application),
      rotateSecrets(upstreams.rotateSecrets),
    ],
    ...UNOBSERVED,
    bodyLimitBytes: 10_000_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
  return {
    ...{ upstreams, routes, aliases, board, logged, connection, deployments },
    call: async (method: "GET" | "PUT" | "POST" | "DELETE", path: string, { body, headers = {} }: CallOptions = {}) => {
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
      const type = body === undefined ? {} : { "content-type": "application/json" };
      const answer = await app.inject({ method, url: `/admin/v1${path}`, headers: { ...type, ...headers }, ...payload });
      return { status: answer.statusCode, json: answer.json(), headers: answer.headers };
    },
    /** Nothing of upstreams, routes and aliases is left. */
    clear: async () => {
      await connection.database.execute(sql`delete from upstreams`);
      await connection.database.execute(sql`delete from routes`);
      await connection.database.execute(sql`delete from model_aliases`);
      await connection.database.execute(sql`delete from drained_deployments`);
      await connection.database.execute(sql`update snapshot_versions set version = version + 1`);
      await Promise.all([upstreams.refresh(), routes.refresh(), aliases.snapshot.refresh()]);
    },
    stop: () => lifetime.end(),
  };
}
