// Bonfire's data plane alone, in a process: the product's own parts without keys, ledger and database. Argument: the base URL of the
// replica, ending with /v1.
import { attachUpstream } from "@bonfire/platform/attach-upstream";
import { inferenceEndpoints } from "@bonfire/platform/endpoints/index";
import { createHttpServer } from "@bonfire/platform/http/http-server";
import { Lifetime } from "@bonfire/platform/lifetime";
import { createLogger } from "@bonfire/platform/observability/logger";
import { Metrics } from "@bonfire/platform/observability/metrics";
import { TRACING_OFF } from "@bonfire/platform/observability/tracing";
import { AttemptRecorder } from "@bonfire/platform/serving/attempt-recorder";
import { ModelDirectory } from "@bonfire/platform/serving/model-directory";
import { Serving } from "@bonfire/platform/serving/serving";
import { announce } from "../processes/helper-server.ts";

/** What tier A leaves out: attempts are noted nowhere. */
const NO_LEDGER = { begin: () => ({ id: "att_none", end: () => undefined }) };

const logger = createLogger({ level: "info", format: "json" });
const lifetime = new Lifetime((part, error) => logger.error({ err: error, part }, "could not be stopped"));
const { signal } = new AbortController();
const metrics = new Metrics({ version: "bench" });
const directory = new ModelDirectory();
for (const model of await attachUpstream(
  { url: process.argv[2] ?? "", apiKey: undefined, profile: "generic" },
  { logger, signal, lifetime },
)) {
  metrics.addModel(model.id);
  directory.add(model);
}
const attempts = new AttemptRecorder({ ledger: NO_LEDGER, metrics });
const serving = new Serving({ models: directory, attempts, loadImages: async (requests) => requests });
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
