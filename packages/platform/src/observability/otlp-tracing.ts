import { randomUUID } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace-node";
import { RequestSpan } from "./request-span.ts";
import type { RequestTrace, StartedRequest, Tracing } from "./trace.ts";
import { readTraceContext, type TraceContext } from "./trace-context.ts";
import type { OnDelivery, TracingSettings } from "./tracing.ts";
import { WatchedExporter } from "./watched-exporter.ts";

/** Of one delivery with its retries. Short, since a retry that is due may hold up the end of the process. */
const EXPORT_TIMEOUT_MS = 3_000;
/** Spans that wait for delivery; beyond that they are dropped, which bounds the memory while no collector answers. */
const MOST_WAITING_SPANS = 4_096;
const LONGEST_ATTRIBUTE = 512;

/** Records spans and delivers them to an OTLP collector in the background. Registers nothing globally. */
export class OtlpTracing implements Tracing {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  readonly #agents: (HttpAgent | HttpsAgent)[] = [];
  #stopped = false;

  constructor(settings: TracingSettings, onDelivery: OnDelivery) {
    const exporter = new OTLPTraceExporter({
      url: tracesUrl(settings.endpoint),
      headers: { ...settings.headers },
      timeoutMillis: EXPORT_TIMEOUT_MS,
      httpAgentOptions: (protocol) => this.#openAgent(protocol),
    });
    const watched = new WatchedExporter(exporter, (delivery) => {
      if (!this.#stopped) onDelivery(delivery);
    });
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({
        "service.name": settings.serviceName,
        "service.version": settings.serviceVersion,
        "service.instance.id": randomUUID(),
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sampleRatio) }),
      spanLimits: { attributeValueLengthLimit: LONGEST_ATTRIBUTE },
      spanProcessors: [
        new BatchSpanProcessor(watched, {
          maxQueueSize: MOST_WAITING_SPANS,
          exportTimeoutMillis: EXPORT_TIMEOUT_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer("bonfire", settings.serviceVersion);
  }

  startRequest({ headers, method, route, requestId, arrivedAt }: StartedRequest): RequestTrace {
    const caller = readTraceContext(headers);
    // From here on one clock for all spans of the request.
    const clockOffset = Date.now() - performance.now();
    const span = this.#tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: arrivedAt + clockOffset,
        attributes: {
          "http.request.method": method,
          ...(route === undefined ? {} : { "http.route": route }),
          "bonfire.request.id": requestId,
        },
      },
      parentOf(caller),
    );
    return new RequestSpan({ tracer: this.#tracer, span, clockOffset, tracestate: caller?.tracestate });
  }

  async stop(deadlineMs: number): Promise<void> {
    const given = new AbortController();
    const stopped = this.#provider.shutdown().catch(() => undefined);
    await Promise.race([stopped, delay(deadlineMs, undefined, { signal: given.signal }).catch(() => undefined)]);
    given.abort();
    this.#stopped = true;
    for (const agent of this.#agents) {
      agent.destroy();
      // Nor may a retry that is still due open a new connection.
      agent.createConnection = () => {
        throw new Error("tracing has stopped");
      };
    }
  }

  #openAgent(protocol: string): HttpAgent | HttpsAgent {
    const agent = protocol === "https:" ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    this.#agents.push(agent);
    return agent;
  }
}

function parentOf(caller: TraceContext | undefined): Context {
  if (caller === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled, tracestate } = caller;
  const parent: SpanContext = {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** As every OpenTelemetry SDK reads OTEL_EXPORTER_OTLP_ENDPOINT. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}
