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
  deployment: "local/m",
  cause: "first",
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
      queues: () => [],
      deployments: () => [],
      cache: () => ({ answers: 0, bytes: 0 }),
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
        deployment: fc.constantFrom("local/a", "up/b", "cache", "up/removed"),
        cause: fc.constantFrom("first", "retry", "fallback", "hedge"),
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
          metrics.retainDeployments(["local/a", "up/b"]);
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
          const expected = new Map<string, number>();
          for (const { deployment, cause, outcome } of ledger) {
            const label = deployment === "up/removed" ? "other" : deployment;
            const name = `bonfire_deployment_attempts_total{deployment="${label}",cause="${cause}",outcome="${outcome}"}`;
            expected.set(name, (expected.get(name) ?? 0) + 1);
          }
          expect(new Map([...series].filter(([name]) => name.startsWith("bonfire_deployment_attempts_total")))).toEqual(expected);
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

  it("tell of ledger, database and cache only where there are such", async () => {
    const metrics = startMetrics();
    expect(await metrics.render()).not.toMatch(/bonfire_(ledger|database|attempts_running|cache_bytes|cache_answers)/);
    metrics.pullFrom({ cache: () => ({ answers: 3, bytes: 900 }) });
    metrics.pullFrom({ ledger: () => ({ rowsWaiting: 7, writeAheadBytes: 4_096, runningAttempts: 2 }), databaseIsUp: () => false });
    const series = await readMetrics(metrics);
    expect(series.get("bonfire_ledger_rows_waiting")).toBe(7);
    expect(series.get("bonfire_ledger_write_ahead_bytes")).toBe(4_096);
    expect(series.get("bonfire_attempts_running")).toBe(2);
    expect(series.get("bonfire_database_up")).toBe(0);
    expect(series.get("bonfire_cache_answers")).toBe(3);
    expect(series.get("bonfire_cache_bytes")).toBe(900);
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

  it("count what routing did for a model, from zero on", async () => {
    const metrics = startMetrics("m");
    const names = [
      'bonfire_retries_total{model="m",class="rate_limit"}',
      'bonfire_fallbacks_total{model="m"}',
      'bonfire_hedges_begun_total{model="m"}',
      'bonfire_hedges_won_total{model="m"}',
      'bonfire_cache_lookups_total{model="m",result="hit"}',
      'bonfire_cache_lookups_total{model="m",result="miss"}',
    ];
    const values = async () => {
      const series = await readMetrics(metrics);
      return names.map((name) => series.get(name));
    };
    expect(await values()).toEqual([0, 0, 0, 0, 0, 0]);
    metrics.attemptRetried({ model: "m", retryClass: "rate_limit" });
    metrics.requestFellBack("m");
    for (let i = 0; i < 3; i++) metrics.hedgeBegun("m");
    for (let i = 0; i < 2; i++) metrics.hedgeWon("m");
    metrics.cacheLooked({ model: "m", hit: true });
    for (let i = 0; i < 4; i++) metrics.cacheLooked({ model: "m", hit: false });
    expect(await values()).toEqual([1, 1, 3, 2, 1, 4]);
  });

  it("observe how long requests of each tier waited for a place, in seconds", async () => {
    const metrics = startMetrics("m");
    for (const waitedMs of [0, 40]) metrics.requestAdmitted({ model: "m", tier: "default", waitedMs });
    metrics.requestAdmitted({ model: "m", tier: "batch", waitedMs: 20_000 });
    metrics.pullFrom({
      queues: () => [
        { model: "m", tier: "default", waiting: 2 },
        { model: "made-up", tier: "batch", waiting: 5 },
      ],
    });
    const series = await readMetrics(metrics);
    expect(series.get('bonfire_admission_time_seconds_bucket{le="0.001",model="m",tier="default"}')).toBe(1);
    expect(series.get('bonfire_admission_time_seconds_bucket{le="0.05",model="m",tier="default"}')).toBe(2);
    expect(series.get('bonfire_admission_time_seconds_sum{model="m",tier="batch"}')).toBe(20);
    expect(series.get('bonfire_admission_waiting{model="m",tier="default"}')).toBe(2);
    expect(series.get('bonfire_admission_waiting{model="other",tier="batch"}')).toBe(5);
  });

  it("show how deployments stand now, and forget those that have vanished", async () => {
    const metrics = startMetrics();
    const names = ["local/a", "up/b"];
    metrics.retainDeployments(names);
    metrics.pullFrom({
      deployments: () => [
        { deployment: "local/a", inFlight: 2, breaker: "closed", places: 4, share: 2 },
        ...(names.includes("up/b")
          ? [{ deployment: "up/b", inFlight: 0, breaker: "open" as const, places: undefined, share: undefined }]
          : []),
      ],
    });
    for (const deployment of [...names, "cache"]) metrics.attemptEnded(attempt({ deployment, cause: "retry", outcome: "failed" }));
    const about = async (deployment: string) =>
      [...(await readMetrics(metrics))].filter(([name]) => name.includes(`deployment="${deployment}"`));
    expect(await about("local/a")).toEqual([
      ['bonfire_deployment_attempts_total{deployment="local/a",cause="retry",outcome="failed"}', 1],
      ['bonfire_deployment_requests_running{deployment="local/a"}', 2],
      ['bonfire_deployment_breaker{deployment="local/a",state="closed"}', 1],
      ['bonfire_deployment_places{deployment="local/a"}', 4],
      ['bonfire_deployment_places_share{deployment="local/a"}', 2],
    ]);
    expect(await about("up/b")).toHaveLength(3);
    names.pop();
    metrics.retainDeployments(names);
    expect(await about("up/b")).toEqual([]);
    expect(await about("cache")).toHaveLength(1);
    metrics.attemptEnded(attempt({ deployment: "up/b" }));
    expect(await about("other")).toEqual([['bonfire_deployment_attempts_total{deployment="other",cause="first",outcome="succeeded"}', 1]]);
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
