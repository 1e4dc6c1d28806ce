// Bonfire's data plane alone, in a process: the product's own parts without keys, ledger and database. Argument: the base URL of the
// replica, ending with /v1.
import { bearer } from "@bonfire/platform/egress/bearer";
import { inferenceEndpoints } from "@bonfire/platform/endpoints/index";
import { openaiCompatible } from "@bonfire/platform/engines/openai-compatible/openai-compatible";
import { createHttpServer } from "@bonfire/platform/http/http-server";
import { createLogger } from "@bonfire/platform/observability/logger";
import { Metrics } from "@bonfire/platform/observability/metrics";
import { TRACING_OFF } from "@bonfire/platform/observability/tracing";
import type { Deployment } from "@bonfire/platform/routing/deployment";
import { ModelDirectory } from "@bonfire/platform/serving/model-directory";
import { startServing } from "@bonfire/platform/start-serving";
import { upstreamTimeouts } from "@bonfire/platform/upstreams/upstream-timeouts";
import { announce } from "../processes/helper-server.ts";

/** What tier A leaves out: attempts are noted nowhere. */
const NO_LEDGER = { begin: () => ({ id: "att_none", end: () => undefined }) };

const logger = createLogger({ level: "info", format: "json" });
const { signal } = new AbortController();
const metrics = new Metrics({ version: "bench" });
const directory = new ModelDirectory();
const connect = (model: string) =>
  openaiCompatible.connect({ address: { kind: "url", url: process.argv[2] ?? "" }, model, credentials: bearer(undefined) });
const { models = [] } = await connect("").health(signal);
const { attempt: timeouts } = upstreamTimeouts({});
for (const { id } of models) {
  const client = connect(id);
  metrics.addModel(id);
  const deployment: Deployment = {
    ...{ name: `mock/${id}`, model: id, engine: openaiCompatible.name, ownedBy: "mock", contextLength: undefined, price: undefined },
    ...{ chat: true, vision: true, usageSource: "provider", timeouts, maxConcurrent: undefined },
    state: () => "ready",
    acquire: async () => ({ client, release: () => undefined }),
  };
  directory.add({ id, aliases: [], deployment });
}
const { serving } = startServing({
  ...{ models: directory, ledger: NO_LEDGER, metrics, queue: { mostWaiting: 512, deadlineMs: 60_000 } },
  loadImages: async (requests) => requests,
});
const app = createHttpServer({
  endpoints: inferenceEndpoints(serving, Math.floor(Date.now() / 1_000)),
  logger,
  metrics,
  tracing: TRACING_OFF,
  bodyLimitBytes: 50 * 1024 * 1024,
  keepAliveMs: 15_000,
  shutdown: signal,
});
await app.ready();
announce(app.server);
