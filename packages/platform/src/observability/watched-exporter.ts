import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-node";
import type { OnDelivery } from "./tracing.ts";

type OnResult = Parameters<SpanExporter["export"]>[1];

/** `ExportResultCode.SUCCESS` of OpenTelemetry's core. */
const SUCCESS = 0;

/** Tells when deliveries begin to fail and when they work again; the SDK itself says nothing, or says it for each batch. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #onDelivery: OnDelivery;
  #works = true;

  constructor(exporter: SpanExporter, onDelivery: OnDelivery) {
    this.#exporter = exporter;
    this.#onDelivery = onDelivery;
  }

  export(spans: ReadableSpan[], onResult: OnResult): void {
    this.#exporter.export(spans, (result) => {
      const works = result.code === SUCCESS;
      if (works !== this.#works) this.#onDelivery(works ? { works } : { works, error: result.error });
      this.#works = works;
      onResult(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }
}
