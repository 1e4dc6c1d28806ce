import type { Metrics } from "../metrics.ts";

/** Reads the text format of Prometheus: series as written (`name{label="value"}`) with their values. */
export async function readMetrics(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const series = new Map<string, number>();
  for (const line of (await metrics.render()).split("\n")) {
    const space = line.lastIndexOf(" ");
    if (line === "" || line.startsWith("#")) continue;
    series.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return series;
}
