import type { Logger } from "pino";
import type { FleetEvent } from "./deployments/local-deployment.ts";
import type { Metrics } from "./observability/metrics.ts";

type Watchers = { readonly [Type in FleetEvent["type"]]: (event: Extract<FleetEvent, { type: Type }>) => void };

/** Tells log and metrics what happens to the models of this machine. */
export function watchFleet(logger: Logger, metrics: Metrics): (event: FleetEvent) => void {
  const watchers: Watchers = {
    loaded: ({ model, loadMs }) => {
      metrics.modelLoaded({ model, outcome: "succeeded", durationMs: loadMs });
      logger.info({ model, load_ms: Math.round(loadMs) }, "model loaded");
    },
    evicted: ({ model, for: other }) => {
      metrics.modelEvicted(model);
      logger.info({ model, for: other }, "model unloaded to make room");
    },
    restart: ({ model, reason, restartInMs }) => {
      metrics.replicaRestarted(model);
      logger.error({ model, reason, restart_in_ms: restartInMs }, "replica ended");
    },
    "load-retried": ({ model, reason }) => logger.warn({ model, reason }, "model is loaded once more, without those that were idle"),
    state: ({ model, from, to, reason }) => {
      if (to !== "failed") {
        logger.debug({ model, from, state: to }, "model state");
        return;
      }
      if (from === "loading") metrics.modelLoaded({ model, outcome: "failed", durationMs: 0 });
      logger.error({ model, from, reason }, "model failed");
    },
  };
  return (event) => dispatch(watchers, event);
}

function dispatch<Type extends FleetEvent["type"]>(watchers: Watchers, event: Extract<FleetEvent, { type: Type }>): void {
  const watcher: (event: Extract<FleetEvent, { type: Type }>) => void = watchers[event.type];
  watcher(event);
}
