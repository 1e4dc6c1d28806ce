import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })) }).optional(),
});
const attributes = z.array(z.object({ key: z.string(), value }));
const delivery = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              traceState: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              attributes,
              status: z.object({ code: z.number(), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

type AttributeValue = string | number | boolean | string[] | undefined;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** OTLP's numbers: 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

export interface OtlpCollector {
  readonly endpoint: string;
  readonly port: number;
  readonly spans: ReceivedSpan[];
  readonly resource: Record<string, AttributeValue>;
  /** Of the latest delivery. */
  readonly headers: () => IncomingHttpHeaders;
  readonly bodies: string[];
  stop(): Promise<void>;
}

/** A collector that takes OTLP over HTTP as JSON. @param answer replaces its own answer. */
export async function startOtlpCollector(
  options: { port?: number; answer?: (response: ServerResponse) => void } = {},
): Promise<OtlpCollector> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const resource: Record<string, AttributeValue> = {};
  let headers: IncomingHttpHeaders = {};
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    if (options.answer !== undefined) return options.answer(response);
    headers = request.headers;
    if (request.method !== "POST" || request.url !== "/v1/traces" || headers["content-type"] !== "application/json") {
      response.writeHead(404).end();
      return;
    }
    bodies.push(body);
    for (const group of delivery.parse(JSON.parse(body)).resourceSpans) {
      Object.assign(resource, toRecord(group.resource.attributes));
      for (const span of group.scopeSpans.flatMap((scope) => scope.spans)) spans.push(toSpan(span));
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    spans,
    resource,
    headers: () => headers,
    bodies,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type WireSpan = z.infer<typeof delivery>["resourceSpans"][number]["scopeSpans"][number]["spans"][number];

function toSpan(span: WireSpan): ReceivedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId === "" ? undefined : span.parentSpanId,
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    startedAt: Number(span.startTimeUnixNano) / 1e6,
    endedAt: Number(span.endTimeUnixNano) / 1e6,
    attributes: toRecord(span.attributes),
    status: span.status.code,
  };
}

function toRecord(pairs: z.infer<typeof attributes>): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map(({ key, value: given }) => [key, toValue(given)]));
}

function toValue({ stringValue, intValue, doubleValue, boolValue, arrayValue }: z.infer<typeof value>): AttributeValue {
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? doubleValue ?? boolValue ?? arrayValue?.values.map((one) => one.stringValue);
}
