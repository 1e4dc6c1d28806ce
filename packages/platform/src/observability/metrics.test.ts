import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { METRICS, type MetricDefinition } from "./metric-table.ts";
import { Metrics } from "./metrics.ts";
import type { EndedAttempt } from "./model-metrics.ts";
import { readMetrics } from "./testing/read-metrics.ts";

const TABLE: readonly MetricDefinition[] = Object.values(METRICS);
const started: Metrics[] = [];

function startMetrics(...models: string[]): Metrics {
  const metrics = new Metrics({ version: "1.2.3" });
  for (const model of models) metrics.addModel(model);
  started.push(metrics);
  return metrics;
}

afterEach(() => {
  for (const metrics of started.splice(0)) metrics.stop();
});

const attempt = (row: Partial<EndedAttempt>): EndedAttempt => ({
  model: "m",
  outcome: "succeeded",
  uncachedPromptTokens: null,
  cachedPromptTokens: null,
  completionTokens: null,
  reasoningTokens: null,
  firstTokenMs: null,
  durationMs: null,
  ...row,
});

describe("metrics:", () => {
  it("give out exactly the table, with type and help", async () => {
    const metrics = startMetrics("m");
    metrics.pullFrom({
      requests: () => [],
      replicas: () => [],
      ledger: () => ({ rowsWaiting: 0, writeAheadBytes: 0, runningAttempts: 0 }),
      databaseIsUp: () => true,
    });
    const text = await metrics.render();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(types.sort()).toEqual(TABLE.map(({ name, type }) => `${name} ${type}`).sort());
    for (const { name, help } of TABLE) expect(text).toContain(`# HELP ${name} ${help}\n`);
  });

  it.each(TABLE)("$name has a name in base units, and what its type asks for", ({ name, type, help, buckets }) => {
    expect(name).toMatch(/^(bonfire|process|nodejs)_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent)(_|$)/);
    expect(help).toMatch(/\.$/);
    expect(buckets !== undefined).toBe(type === "histogram");
    expect([...(buckets ?? [])].sort((a, b) => a - b)).toEqual(buckets ?? []);
  });

  it("count each request under its route, never under its path", async () => {
    const metrics = startMetrics();
    metrics.requestEnded({ method: "POST", route: "/v1/chat/completions", status: 200, durationMs: 1_500 });
    metrics.requestEnded({ method: "GET", route: undefined, status: 404, durationMs: 1 });
    metrics.requestEnded({ method: "PROPFIND", route: undefined, status: 404, durationMs: 1 });
    const series = await readMetrics(metrics);
    expect(series.get('bonfire_http_requests_total{method="POST",route="/v1/chat/completions",status="200"}')).toBe(1);
    expect(series.get('bonfire_http_requests_total{method="GET",route="unmatched",status="404"}')).toBe(1);
    expect(series.get('bonfire_http_requests_total{method="other",route="unmatched",status="404"}')).toBe(1);
    const duration = 'bonfire_http_request_duration_seconds_bucket{le="2.5",method="POST",route="/v1/chat/completions"}';
    expect(series.get(duration)).toBe(1);
  });

  it("sum up to what the ledger's rows sum up to", async () => {
    const count = fc.option(fc.nat(100_000), { nil: null });
    const rows = fc.array(
      fc.record({
        model: fc.constantFrom("a", "b", "removed"),
        outcome: fc.constantFrom("succeeded", "cancelled", "failed", "interrupted"),
        uncachedPromptTokens: count,
        cachedPromptTokens: count,
        completionTokens: count,
        reasoningTokens: count,
        firstTokenMs: count,
        durationMs: count,
      }),
    );
    const classes = [
      ["uncached_prompt", "uncachedPromptTokens"],
      ["cached_prompt", "cachedPromptTokens"],
      ["completion", "completionTokens"],
      ["reasoning", "reasoningTokens"],
    ] as const;
    await fc.assert(
      fc.asyncProperty(rows, async (ledger) => {
        const metrics = new Metrics({ version: "1.2.3" });
        try {
          for (const model of ["a", "b"]) metrics.addModel(model);
          for (const row of ledger) metrics.attemptEnded(row);
          const series = await readMetrics(metrics);
          for (const [model, label] of [
            ["a", "a"],
            ["b", "b"],
            ["removed", "other"],
          ] as const) {
            const mine = ledger.filter((row) => row.model === model);
            for (const [name, field] of classes) {
              const sum = mine.reduce((total, row) => total + (row[field] ?? 0), 0);
              expect(series.get(`bonfire_tokens_total{model="${label}",class="${name}"}`) ?? 0).toBe(sum);
            }
            for (const outcome of ["succeeded", "cancelled", "failed", "interrupted"]) {
              const expected = mine.filter((row) => row.outcome === outcome).length;
              expect(series.get(`bonfire_attempts_total{model="${label}",outcome="${outcome}"}`) ?? 0).toBe(expected);
            }
            const timed = mine.filter((row) => row.firstTokenMs !== null).length;
            expect(series.get(`bonfire_time_to_first_token_seconds_count{model="${label}"}`) ?? 0).toBe(timed);
          }
        } finally {
          metrics.stop();
        }
      }),
      { numRuns: 30 },
    );
  });

  it("never make a series for a name that is no model here", async () => {
    const metrics = startMetrics("m");
    for (let i = 0; i < 50; i++) metrics.attemptEnded(attempt({ model: `made-up-${i}` }));
    metrics.requestLeftQueue("made-up", 5);
    metrics.pullFrom({
      requests: () => [{ model: "made-up", running: 1, waiting: 2 }],
      replicas: () => [{ model: "made-up", state: "ready" }],
    });
    const text = await metrics.render();
    expect(text).not.toContain("made-up");
    expect((await readMetrics(metrics)).get('bonfire_attempts_total{model="other",outcome="succeeded"}')).toBe(50);
  });

  it("show a known model at zero before its first request", async () => {
    const series = await readMetrics(startMetrics("m"));
    expect(series.get('bonfire_attempts_total{model="m",outcome="succeeded"}')).toBe(0);
    expect(series.get('bonfire_tokens_total{model="m",class="completion"}')).toBe(0);
    expect(series.get('bonfire_inter_token_latency_seconds_count{model="m"}')).toBe(0);
  });

  it("observe the gaps between tokens, in seconds", async () => {
    const metrics = startMetrics("m");
    const model = metrics.model("m");
    for (const gap of [20, 20, 1_400]) model.gap(gap);
    const series = await readMetrics(metrics);
    expect(series.get('bonfire_inter_token_latency_seconds_bucket{le="0.025",model="m"}')).toBe(2);
    expect(series.get('bonfire_inter_token_latency_seconds_bucket{le="1.5",model="m"}')).toBe(3);
    expect(series.get('bonfire_inter_token_latency_seconds_sum{model="m"}')).toBeCloseTo(1.44);
  });

  it("ask for states at each scrape and forget those that are over", async () => {
    const metrics = startMetrics("m");
    let state = "starting";
    metrics.pullFrom({
      replicas: () => [
        { model: "m", state },
        { model: "m", state },
      ],
    });
    metrics.pullFrom({ requests: () => [{ model: "m", running: 3, waiting: 4 }] });
    expect((await readMetrics(metrics)).get('bonfire_replicas{model="m",state="starting"}')).toBe(2);
    state = "ready";
    const series = await readMetrics(metrics);
    expect(series.get('bonfire_replicas{model="m",state="ready"}')).toBe(2);
    expect(series.has('bonfire_replicas{model="m",state="starting"}')).toBe(false);
    expect(series.get('bonfire_requests_running{model="m"}')).toBe(3);
    expect(series.get('bonfire_requests_waiting{model="m"}')).toBe(4);
  });

  it("tell of ledger and database only where there are such", async () => {
    const metrics = startMetrics();
    expect(await metrics.render()).not.toMatch(/bonfire_(ledger|database|attempts_running)/);
    metrics.pullFrom({ ledger: () => ({ rowsWaiting: 7, writeAheadBytes: 4_096, runningAttempts: 2 }), databaseIsUp: () => false });
    const series = await readMetrics(metrics);
    expect(series.get("bonfire_ledger_rows_waiting")).toBe(7);
    expect(series.get("bonfire_ledger_write_ahead_bytes")).toBe(4_096);
    expect(series.get("bonfire_attempts_running")).toBe(2);
    expect(series.get("bonfire_database_up")).toBe(0);
  });

  it("count restarts, loads and evictions of a model", async () => {
    const metrics = startMetrics("m");
    metrics.replicaRestarted("m");
    metrics.modelLoaded({ model: "m", outcome: "succeeded", durationMs: 4_000 });
    metrics.modelLoaded({ model: "m", outcome: "failed", durationMs: 100 });
    metrics.modelEvicted("m");
    const series = await readMetrics(metrics);
    expect(series.get('bonfire_replica_restarts_total{model="m"}')).toBe(1);
    expect(series.get('bonfire_model_loads_total{model="m",outcome="succeeded"}')).toBe(1);
    expect(series.get('bonfire_model_loads_total{model="m",outcome="failed"}')).toBe(1);
    expect(series.get('bonfire_model_load_duration_seconds_bucket{le="5",model="m"}')).toBe(1);
    expect(series.get('bonfire_model_evictions_total{model="m"}')).toBe(1);
  });

  it("of two platforms in one process do not mix", async () => {
    const [one, other] = [startMetrics("m"), startMetrics("m")];
    one.attemptEnded(attempt({ completionTokens: 5 }));
    expect((await readMetrics(other)).get('bonfire_tokens_total{model="m",class="completion"}')).toBe(0);
  });

  it("see an event loop that was blocked", async () => {
    const metrics = startMetrics();
    await until(async () => {
      // The first interval after a scrape is not counted.
      await new Promise((resolve) => setTimeout(resolve, 250));
      const blockedUntil = performance.now() + 400;
      while (performance.now() < blockedUntil);
      await new Promise((resolve) => setTimeout(resolve, 250));
      return ((await readMetrics(metrics)).get('nodejs_eventloop_lag_quantile_seconds{quantile="1"}') ?? 0) > 0.08;
    });
    expect((await readMetrics(metrics)).get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
  });
});
