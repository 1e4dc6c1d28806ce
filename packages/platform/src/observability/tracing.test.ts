import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { type OtlpCollector, type ReceivedSpan, startOtlpCollector } from "./testing/otlp-collector.ts";
import type { StartedAttempt, TracedResult, Tracing } from "./trace.ts";
import { startTracing, TRACING_OFF, type TracingSettings } from "./tracing.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const FLUSH_MS = 5_000;

const open: { stop(deadlineMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((part) => part.stop(0)));
});

async function startCollector(options: Parameters<typeof startOtlpCollector>[0] = {}): Promise<OtlpCollector> {
  const collector = await startOtlpCollector(options);
  open.push(collector);
  return collector;
}

async function startTraced(
  endpoint: string,
  settings: Partial<TracingSettings> = {},
  onDelivery: Parameters<typeof startTracing>[1] = () => undefined,
): Promise<Tracing> {
  const defaults = { endpoint, headers: {}, sampleRatio: 1, serviceName: "bonfire", serviceVersion: "1.2.3" };
  const tracing = await startTracing({ ...defaults, ...settings }, onDelivery);
  open.push(tracing);
  return tracing;
}

const request = (headers: Record<string, string> = {}) => ({
  headers,
  method: "POST",
  route: "/v1/chat/completions",
  requestId: "req_1",
  arrivedAt: performance.now(),
});

const ATTEMPT: StartedAttempt = { operation: "chat", model: "org/model", provider: "llamacpp", attempt: 1, streamed: true };

const result = (given: Partial<TracedResult> = {}): TracedResult => ({
  outcome: "succeeded",
  errorCode: null,
  finishReason: "stop",
  uncachedPromptTokens: null,
  cachedPromptTokens: null,
  completionTokens: null,
  reasoningTokens: null,
  ...given,
});

function named(collector: OtlpCollector, name: string): ReceivedSpan {
  const span = collector.spans.find((one) => one.name === name);
  if (span === undefined) throw new Error(`no span ${name} among ${collector.spans.map((one) => one.name).join(", ")}`);
  return span;
}

/** One request with one attempt, delivered. */
async function traceOne(tracing: Tracing, headers: Record<string, string> = {}, ended: Partial<TracedResult> = {}): Promise<void> {
  const trace = tracing.startRequest(request(headers));
  const attempt = trace.startAttempt(ATTEMPT);
  attempt.firstToken();
  attempt.end(result(ended));
  trace.end({ status: 200 });
  await tracing.stop(FLUSH_MS);
}

describe("a traced request", () => {
  it("leaves a server span, a client span for the attempt, and its queue, prefill and decode", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    const trace = tracing.startRequest(request());
    const queuedAt = performance.now();
    const routed = { deployment: "up/org/model", cause: "fallback" };
    const attempt = trace.startAttempt({ ...ATTEMPT, ...routed, queuedAt, server: { address: "replica.example", port: 8000 } });
    attempt.firstToken();
    attempt.end(
      result({
        uncachedPromptTokens: 10,
        cachedPromptTokens: 5,
        completionTokens: 7,
        reasoningTokens: 2,
        finishReason: "length",
        responseModel: "model-q4",
        responseId: "chatcmpl-1",
      }),
    );
    trace.end({ status: 200, routing: { deployment: "up/org/model", attempts: 2, queuedMs: 5, cache: "miss" } });
    await tracing.stop(FLUSH_MS);

    const server = named(collector, "POST /v1/chat/completions");
    expect(server).toMatchObject({ kind: 2, parentSpanId: undefined, status: 0 });
    expect(server.attributes).toEqual({
      "http.request.method": "POST",
      "http.route": "/v1/chat/completions",
      "http.response.status_code": 200,
      "bonfire.request.id": "req_1",
      "bonfire.deployment": "up/org/model",
      "bonfire.attempts": 2,
      "bonfire.queue_ms": 5,
      "bonfire.cache": "miss",
    });
    const client = named(collector, "chat org/model");
    expect(client).toMatchObject({ kind: 3, parentSpanId: server.spanId, traceId: server.traceId, status: 0 });
    expect(client.attributes).toEqual({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "llamacpp",
      "gen_ai.request.model": "org/model",
      "gen_ai.request.stream": true,
      "bonfire.attempt": 1,
      "bonfire.deployment": "up/org/model",
      "bonfire.attempt.cause": "fallback",
      "bonfire.outcome": "succeeded",
      "server.address": "replica.example",
      "server.port": 8000,
      "gen_ai.response.model": "model-q4",
      "gen_ai.response.id": "chatcmpl-1",
      "gen_ai.response.finish_reasons": ["length"],
      "gen_ai.response.time_to_first_chunk": expect.any(Number),
      "gen_ai.usage.input_tokens": 15,
      "gen_ai.usage.cache_read.input_tokens": 5,
      "gen_ai.usage.output_tokens": 9,
      "gen_ai.usage.reasoning.output_tokens": 2,
    });
    expect(named(collector, "queue").parentSpanId).toBe(server.spanId);
    const [prefill, decode] = [named(collector, "prefill"), named(collector, "decode")];
    expect([prefill.parentSpanId, decode.parentSpanId]).toEqual([client.spanId, client.spanId]);
    expect(prefill.startedAt).toBe(client.startedAt);
    expect(decode.startedAt).toBe(prefill.endedAt);
    expect(decode.endedAt).toBe(client.endedAt);
    expect(server.startedAt).toBeLessThanOrEqual(client.startedAt);
    expect(server.endedAt).toBeGreaterThanOrEqual(client.endedAt);
    expect(Math.abs(server.startedAt - Date.now())).toBeLessThan(60_000);
    expect(collector.resource).toMatchObject({ "service.name": "bonfire", "service.version": "1.2.3" });
  });

  it("is part of its caller's trace, and the replica's call is part of it in turn", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    const trace = tracing.startRequest(request({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: "vendor=x" }));
    const attempt = trace.startAttempt(ATTEMPT);
    const { headers } = attempt;
    attempt.end(result());
    trace.end({ status: 200 });
    await tracing.stop(FLUSH_MS);
    expect(named(collector, "POST /v1/chat/completions")).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: SPAN_ID,
      traceState: "vendor=x",
    });
    const client = named(collector, "chat org/model");
    expect(headers).toEqual({ traceparent: `00-${TRACE_ID}-${client.spanId}-01`, tracestate: "vendor=x" });
  });

  it("begins a trace of its own when the caller's header is malformed", async () => {
    const collector = await startCollector();
    await traceOne(await startTraced(collector.endpoint), { traceparent: `00-${"0".repeat(32)}-${SPAN_ID}-01`, tracestate: "vendor=x" });
    const server = named(collector, "POST /v1/chat/completions");
    expect(server.parentSpanId).toBeUndefined();
    expect(server.traceState).toBeUndefined();
  });

  it("is not recorded when its caller decided so, and the replica is told", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    const trace = tracing.startRequest(request({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` }));
    expect(trace.startAttempt(ATTEMPT).headers.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    await traceOne(tracing, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` });
    expect(collector.spans).toEqual([]);
  });

  it("is not recorded at a sample ratio of 0, unless its caller records it", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint, { sampleRatio: 0 });
    tracing.startRequest(request()).end({ status: 200 });
    tracing.startRequest(request({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` })).end({ status: 200 });
    await tracing.stop(FLUSH_MS);
    expect(collector.spans.map((span) => span.traceId)).toEqual([TRACE_ID]);
  });

  it("records a failure with its code, and nothing of what was said", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    const trace = tracing.startRequest(request());
    trace.startAttempt(ATTEMPT).end(result({ outcome: "failed", errorCode: "unreachable", finishReason: null }));
    trace.end({ status: 502, errorCode: "engine_error" });
    await tracing.stop(FLUSH_MS);
    expect(named(collector, "chat org/model")).toMatchObject({
      status: 2,
      attributes: { "error.type": "unreachable", "bonfire.outcome": "failed" },
    });
    expect(named(collector, "POST /v1/chat/completions")).toMatchObject({ status: 2, attributes: { "error.type": "engine_error" } });
    expect(collector.spans.map((span) => span.name)).not.toContain("decode");
  });

  it.each([
    ["a client's mistake", 400, "invalid_value", 0],
    ["a client that left", 499, undefined, 0],
    ["a stream that broke", 200, "engine_error", 2],
    ["a failure of ours", 500, undefined, 2],
  ])("tells %s from an error of the server", async (_, status, errorCode, expected) => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    tracing.startRequest(request()).end({ status, errorCode });
    await tracing.stop(FLUSH_MS);
    expect(named(collector, "POST /v1/chat/completions").status).toBe(expected);
  });

  it("that matches no route is named by its method alone", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    tracing.startRequest({ ...request(), route: undefined }).end({ status: 404 });
    await tracing.stop(FLUSH_MS);
    expect(collector.spans.map((span) => span.name)).toEqual(["POST"]);
  });

  it("ends once, whatever is called twice", async () => {
    const collector = await startCollector();
    const tracing = await startTraced(collector.endpoint);
    const trace = tracing.startRequest(request());
    const attempt = trace.startAttempt(ATTEMPT);
    for (let i = 0; i < 2; i++) attempt.end(result());
    for (let i = 0; i < 2; i++) trace.end({ status: 200 });
    await tracing.stop(FLUSH_MS);
    expect(collector.spans).toHaveLength(2);
  });
});

describe("delivery", () => {
  it("sends the headers that were set, below the path that was set", async () => {
    const collector = await startCollector();
    await traceOne(await startTraced(`${collector.endpoint}/`, { headers: { authorization: "Bearer collector-key" } }));
    expect(collector.headers().authorization).toBe("Bearer collector-key");
    expect(collector.bodies.join("")).not.toContain("collector-key");
  });

  it("that fails disturbs nobody and is told once, and once more when it works again", async () => {
    const first = await startCollector();
    const { port, endpoint } = first;
    await first.stop();
    const told: string[] = [];
    const tracing = await startTraced(endpoint, {}, (delivery) => told.push(delivery.works ? "works" : `fails: ${String(delivery.error)}`));
    const enough = () => {
      // More than one batch, so that deliveries follow each other.
      for (let i = 0; i < 600; i++) tracing.startRequest(request()).end({ status: 200 });
    };
    enough();
    await until(() => told.length === 1, 20_000);
    expect(told[0]).toMatch(/^fails: .*/);
    const second = await startCollector({ port });
    enough();
    await until(() => told.length === 2, 20_000);
    expect(told[1]).toBe("works");
    expect(second.spans.length).toBeGreaterThan(0);
  }, 60_000);

  it("gives up at the deadline when the collector takes the connection and says nothing", async () => {
    const collector = await startCollector({ answer: () => undefined });
    const told: unknown[] = [];
    const tracing = await startTraced(collector.endpoint, {}, (delivery) => void told.push(delivery));
    tracing.startRequest(request()).end({ status: 200 });
    const startedAt = performance.now();
    await tracing.stop(200);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(told).toEqual([]);
  });
});

describe("without a collector", () => {
  it("a caller's trace reaches the replica as it came", async () => {
    const tracing = await startTracing(undefined, () => undefined);
    expect(tracing).toBe(TRACING_OFF);
    const headers = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: "vendor=x" };
    expect(tracing.startRequest(request(headers)).startAttempt(ATTEMPT).headers).toEqual(headers);
  });

  it.each([{}, { traceparent: "00-nonsense" }, { tracestate: "vendor=x" }])("nothing is passed on for %j", (headers) => {
    expect(TRACING_OFF.startRequest(request(headers)).startAttempt(ATTEMPT).headers).toEqual({});
  });

  it("OpenTelemetry's SDK is not even loaded", () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    const importers = (from: string) => {
      const statement = new RegExp(`^import (?!type )[^;]*?from "${from}"`, "m");
      return files.filter((name) => statement.test(readFileSync(`${import.meta.dirname}/${name}`, "utf8")));
    };
    expect(importers('@opentelemetry/(?:sdk|exporter|resources)[^"]*')).toEqual(["otlp-tracing.ts"]);
    expect(importers("./otlp-tracing.ts")).toEqual([]);
  });
});
