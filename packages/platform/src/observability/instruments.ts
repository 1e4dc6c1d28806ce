import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import type { MetricDefinition } from "./metric-table.ts";

/** One metric as plain data. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>;

/** Makes the instruments of rows of the table, in a registry of its own. */
export class Instruments {
  readonly #registry = new Registry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  counter(definition: MetricDefinition): Counter {
    return new Counter(this.#configuration(definition));
  }

  gauge(definition: MetricDefinition): Gauge {
    return new Gauge(this.#configuration(definition));
  }

  histogram(definition: MetricDefinition): Histogram {
    return new Histogram({ ...this.#configuration(definition), buckets: [...(definition.buckets ?? [])] });
  }

  /** In the text format of Prometheus. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /** All values, for another process to add to its own. */
  values(): Promise<readonly MetricValues[]> {
    return this.#registry.getMetricsAsJSON();
  }

  clear(): void {
    this.#registry.clear();
  }

  #configuration({ name, help, labels, together = "sum" }: MetricDefinition) {
    return { name, help, labelNames: [...labels], registers: [this.#registry], aggregator: together };
  }
}
