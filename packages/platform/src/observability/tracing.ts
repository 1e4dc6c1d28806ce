import type { AttemptTrace, RequestTrace, Tracing } from "./trace.ts";
import { readTraceContext, traceHeaders } from "./trace-context.ts";

export interface TracingSettings {
  /** Base URL of an OTLP collector over HTTP, such as http://127.0.0.1:4318; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  /** Sent with each delivery; may hold credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Part of the traces that begin here to record, 0 to 1. A caller's own decision is followed. */
  readonly sampleRatio: number;
  readonly serviceName: string;
  readonly serviceVersion: string;
}

/** Called once when deliveries begin to fail and once when they work again. */
export type OnDelivery = (delivery: { readonly works: true } | { readonly works: false; readonly error: unknown }) => void;

/** OpenTelemetry is loaded only when there is a collector. */
export async function startTracing(settings: TracingSettings | undefined, onDelivery: OnDelivery): Promise<Tracing> {
  if (settings === undefined) return TRACING_OFF;
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  return new OtlpTracing(settings, onDelivery);
}

/** Records nothing; a caller's trace is passed on to the replica as it came. */
export const TRACING_OFF: Tracing = {
  startRequest: ({ headers }) => {
    if (headers.traceparent === undefined) return UNTRACED;
    const context = readTraceContext(headers);
    return context === undefined ? UNTRACED : passOn(traceHeaders(context.traceparent, context.tracestate));
  },
  stop: async () => undefined,
};

const UNTRACED = passOn({});

function passOn(headers: Readonly<Record<string, string>>): RequestTrace {
  const attempt: AttemptTrace = { headers, firstToken: () => undefined, end: () => undefined };
  return { startAttempt: () => attempt, end: () => undefined };
}
