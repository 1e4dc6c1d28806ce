import type { Lifetime } from "./lifetime.ts";
import type { Tracing } from "./observability/trace.ts";
import { startTracing } from "./observability/tracing.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { VERSION } from "./version.ts";

const FLUSH_TRACES_MS = 1_000;

/** Traces go nowhere unless a collector is configured. */
export async function startTraces({ config, logger }: Pick<PlatformOptions, "config" | "logger">, lifetime: Lifetime): Promise<Tracing> {
  const tracing = await startTracing(config.tracing && { ...config.tracing, serviceVersion: VERSION }, (delivery) => {
    if (delivery.works) logger.info({ part: "tracing" }, "traces are delivered again");
    else logger.warn({ part: "tracing", err: delivery.error }, "traces cannot be delivered; requests are not affected");
  });
  lifetime.add("traces", () => tracing.stop(FLUSH_TRACES_MS));
  return tracing;
}
