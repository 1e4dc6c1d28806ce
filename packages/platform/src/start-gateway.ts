import { randomUUID } from "node:crypto";
import { GuardedFetch } from "./egress/guarded-fetch.ts";
import type { ResponseParts } from "./endpoints/response-parts.ts";
import type { GatewayPeers } from "./gateways/gateway-peers.ts";
import { sharedName } from "./gateways/shared-name.ts";
import { IMAGE_LIMITS } from "./images/image-limits.ts";
import { ImageLoader } from "./images/image-loader.ts";
import { loadRequestImages } from "./images/load-request-images.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Ledger } from "./metering/ledger.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { shareOfPlaces } from "./routing/service-share.ts";
import type { ModelDirectory } from "./serving/model-directory.ts";
import { type Aliases, startAliases } from "./start-aliases.ts";
import { startAnswerCache } from "./start-answer-cache.ts";
import { type Keys, startKeys } from "./start-keys.ts";
import { startLedger } from "./start-ledger.ts";
import { startPeers } from "./start-peers.ts";
import { startResponses } from "./start-responses.ts";
import { type StartedRoutes, startRoutes } from "./start-routes.ts";
import { type StartedServing, startServing } from "./start-serving.ts";
import { type StartedUpstreams, startUpstreams } from "./start-upstreams.ts";
import type { DatabaseConnection } from "./storage/database.ts";

interface GatewayOptions extends PlatformOptions {
  /** Tells this platform from others on the same database; its workers have it in common. */
  readonly platformId: string;
  readonly database: DatabaseConnection;
  /** Where clients find models by name; deployments of upstreams are added to it. */
  readonly directory: ModelDirectory;
  readonly metrics: Metrics;
  readonly lifetime: Lifetime;
  /** Aborts when the platform no longer waits for running requests. */
  readonly shutdown: AbortSignal;
}

export interface StartedGateway extends StartedServing {
  readonly keys: Keys;
  readonly aliases: Aliases;
  readonly routes: StartedRoutes;
  readonly upstreams: StartedUpstreams;
  readonly ledger: Ledger;
  readonly peers: GatewayPeers;
  readonly responses: ResponseParts;
}

/** Addresses of pictures come from clients. */
const IMAGE_FETCH = { allowHttp: false, totalMs: 15_000, connectMs: 5_000 };

/** What answers requests: everything between a key and a deployment, and what it has to know from the database. */
export async function startGateway(options: GatewayOptions): Promise<StartedGateway> {
  const { platformId, config, logger, database, directory, metrics, lifetime, shutdown } = options;
  const keys = await startKeys(options, database, lifetime);
  const aliases = await startAliases(options, database, lifetime);
  directory.useAliases(() => aliases.snapshot.entries);
  const routes = await startRoutes(options, database, lifetime);
  directory.useRoutes(routes.table);
  const upstreams = await startUpstreams(options, {
    ...{ connection: database, lifetime },
    onDeployments: (upstream, deployments) => directory.setUpstream(upstream, deployments),
  });

  const ledger = startLedger(options, database, metrics, lifetime);
  const images = new ImageLoader({ fetch: config.remoteImages ? new GuardedFetch(IMAGE_FETCH) : undefined, limits: IMAGE_LIMITS });
  let peers: GatewayPeers | undefined;
  const nameOf = (deployment: string) => sharedName(deployment, platformId);
  const inFlightElsewhere = (deployment: string) => peers?.inFlightAt(nameOf(deployment)) ?? [];
  const started = startServing({
    ...{ ledger, metrics, inFlightElsewhere, models: directory, queue: config.queue },
    loadImages: (requests, stop) => loadRequestImages(images, requests, stop),
    answers: startAnswerCache({ config, metrics, lifetime, logger }),
    isDraining: (name) => routes.table.drained.has(name),
    onBreaker: ({ deployment, phase, lastFailure }) => {
      if (phase === "open") logger.warn({ deployment, reason: lastFailure?.message }, "a deployment fails and is left alone for a while");
      if (phase === "closed") logger.info({ deployment }, "a deployment answers again");
    },
  });
  const { board, queues, attempts, openedHere } = started;
  const deployments = () => directory.deployments();
  peers = startPeers({
    ...{ connection: database, id: randomUUID(), nameOf, deployments, board, openedHere, lifetime, logger },
    onLook: () => {
      metrics.retainDeployments(deployments().map(({ name }) => name));
      queues.placeFreed();
    },
  });
  metrics.pullFrom({
    requests: () => attempts.requestCounts(),
    queues: () =>
      queues.counts().map(({ queue: model, tier, waiting }) => {
        // Also one at which nobody has had a place yet.
        metrics.addModel(model);
        return { model, tier, waiting };
      }),
    deployments: () =>
      deployments().flatMap(({ name, maxConcurrent: places }) => {
        const health = board.find(name)?.summary(Date.now());
        if (health === undefined) return [];
        const share = places === undefined ? undefined : shareOfPlaces({ limit: places, others: inFlightElsewhere(name) });
        return [{ deployment: name, inFlight: health.inFlight, breaker: health.breaker, places, share }];
      }),
  });
  const responses = startResponses({
    ...{ lifetime, logger, shutdown, connection: database },
    retentionMs: config.responsesRetentionMs,
  });
  return { ...started, keys, aliases, routes, upstreams, ledger, peers, responses };
}
