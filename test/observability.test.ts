import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeReplica, startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { type OtlpCollector, startOtlpCollector } from "../packages/platform/src/observability/testing/otlp-collector.ts";
import { endAll } from "./bonfire-process.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";

const KEY = randomBytes(24).toString("hex");
const COLLECTOR_SECRET = randomBytes(12).toString("hex");
const PAGE = "https://app.example.com";
const CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLERS_SPAN = "b7ad6b7169203331";
const PROMPT = "a very private question";

let folder: string;
let replica: FakeReplica;
let collector: OtlpCollector;
let platform: RunningPlatform;

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  replica = await startFakeReplica({ model: "upstream/echo", contextLength: 100 });
  collector = await startOtlpCollector();
  platform = await startPlatformProcess({
    home: join(folder, "home"),
    env: {
      BONFIRE_BOOTSTRAP_KEY: KEY,
      BONFIRE_PRELOAD: "none",
      BONFIRE_UPSTREAM_URL: replica.url,
      BONFIRE_CORS_ORIGINS: PAGE,
      BONFIRE_METRICS_PUBLIC: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${COLLECTOR_SECRET}`,
    },
  });
});

afterAll(async () => {
  expect(await platform.stop()).toBe(0);
  await endAll();
  await collector.stop();
  await replica.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (headers: Record<string, string> = {}) =>
  fetch(`${platform.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "upstream/echo", messages: [{ role: "user", content: PROMPT }], max_tokens: 3 }),
  });

describe("a request", () => {
  it("belongs to the caller's trace, and so does what the replica gets", async () => {
    expect((await ask({ traceparent: `00-${CALLERS_TRACE}-${CALLERS_SPAN}-01` })).status).toBe(200);
    await until(() => collector.spans.filter(({ traceId }) => traceId === CALLERS_TRACE).length >= 2, 20_000);
    const spans = collector.spans.filter(({ traceId }) => traceId === CALLERS_TRACE);
    const request = spans.find(({ name }) => name === "POST /v1/chat/completions");
    const attempt = spans.find(({ name }) => name === "chat upstream/echo");
    expect(request?.parentSpanId).toBe(CALLERS_SPAN);
    expect(attempt?.parentSpanId).toBe(request?.spanId);
    expect(attempt?.attributes).toMatchObject({ "gen_ai.request.model": "upstream/echo", "gen_ai.usage.output_tokens": 3 });
    expect(replica.calls.at(-1)?.headers.traceparent).toBe(`00-${CALLERS_TRACE}-${attempt?.spanId}-01`);
    expect(JSON.stringify(spans)).not.toContain("private");
    expect(collector.headers().authorization).toBe(`Bearer ${COLLECTOR_SECRET}`);
  });

  it("leaves a line in the log of the home, without its words and without any secret", async () => {
    const log = join(folder, "home", "logs", "bonfire.log");
    await until(() => readFileSync(log, "utf8").includes('"path":"/v1/chat/completions"'));
    for (const text of [readFileSync(log, "utf8"), platform.stdout(), platform.stderr()]) {
      for (const secret of [PROMPT, KEY, COLLECTOR_SECRET]) expect(text).not.toContain(secret);
    }
  });

  it("may come from a page whose origin is allowed, and from no other", async () => {
    expect((await ask({ origin: PAGE })).headers.get("access-control-allow-origin")).toBe(PAGE);
    expect((await ask({ origin: "https://evil.example.com" })).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is counted where Prometheus looks, here without a key", async () => {
    const metrics = await fetch(new URL("/metrics", platform.baseUrl));
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toContain('bonfire_attempts_total{model="upstream/echo",outcome="succeeded"} 3');
  });
});
