import { health, type Readiness, readiness } from "@bonfire/protocol/health";
import type { Serving } from "../serving/serving.ts";
import type { Endpoint } from "./endpoint.ts";

/** The process lives. */
export function getHealth(): Endpoint {
  return {
    method: "GET",
    paths: ["/health"],
    permission: "public",
    summary: "Whether the process is alive.",
    schemas: { answer: health },
    handle: async () => ({ json: { status: "ok" } }),
  };
}

/** A model can be called. Independent of the database: known keys work without it. */
export function getReadiness(serving: Serving): Endpoint {
  return {
    method: "GET",
    paths: ["/ready"],
    permission: "public",
    summary: "Whether a model can be called, loaded by the call if need be, or there is none to wait for: status 200, otherwise 503.",
    schemas: { answer: readiness, alternatives: { "503": readiness } },
    handle: async () => {
      const states = serving.models.map((model) => [model.id, model.state()] as const);
      const ready = states.length === 0 || states.some(([, state]) => state === "ready" || state === "unloaded");
      const json: Readiness = { status: ready ? "ready" : "starting", models: Object.fromEntries(states) };
      return { status: ready ? 200 : 503, json };
    },
  };
}
