import { pino } from "pino";
import { TRACING_OFF } from "../../observability/tracing.ts";
import type { HttpServerOptions } from "../http-server.ts";

/** A server whose requests are told to nobody. */
export const UNOBSERVED: Pick<HttpServerOptions, "logger" | "metrics" | "tracing"> = {
  logger: pino({ level: "silent" }),
  metrics: { requestEnded: () => undefined },
  tracing: TRACING_OFF,
};
