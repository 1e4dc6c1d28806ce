import { AggregatorRegistry } from "prom-client";
import { z } from "zod";
import type { MetricValues } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";

/** What another process of the platform has told of its metrics. */
export const toldMetrics = z.array(
  z.custom<MetricValues>((value) => typeof value === "object" && value !== null && "name" in value && "values" in value),
);

/**
 * The metrics of several processes as one: counters and histograms are added, gauges as their rows in the table say. What was counted by
 * processes that have ended stays, so that no counter falls.
 */
export class PlatformMetrics {
  readonly #own: Metrics;
  #ended: readonly MetricValues[] = [];

  constructor(own: Metrics) {
    this.#own = own;
  }

  get contentType(): string {
    return this.#own.contentType;
  }

  /** For `GET /metrics`. @param others one list for each process that runs. */
  async render(others: readonly (readonly MetricValues[])[]): Promise<string> {
    return together([await this.#own.values(), this.#ended, ...others]).metrics();
  }

  /** Keeps what a process has counted that runs no more. */
  async keep(values: readonly MetricValues[]): Promise<void> {
    const counted = values.filter(({ type }) => String(type) === "counter" || String(type) === "histogram");
    this.#ended = await together([this.#ended, counted]).getMetricsAsJSON();
  }
}

function together(parts: readonly (readonly MetricValues[])[]) {
  return AggregatorRegistry.aggregate(parts.map((part) => [...part]));
}
