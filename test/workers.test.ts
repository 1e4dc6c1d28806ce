import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { processesNaming, processTree, stillRunning } from "./processes.ts";
import { MODEL } from "./shared-platform.ts";
import { type PlatformWithWorkers, REPLICA_MODEL, seriesIn, startWithWorkers } from "./workers/platform-with-workers.ts";

const WORKERS = 2;
let setting: PlatformWithWorkers;
beforeAll(async () => {
  setting = await startWithWorkers(WORKERS);
});
afterAll(() => setting.close());

/** Each on a connection of its own, so that they go to all workers. */
const onAllWorkers = <Value>(ask: () => Promise<Value>) => Promise.all(Array.from({ length: 4 * WORKERS }, ask));
const CLOSE = { headers: { connection: "close" } };

/** Those that have written to the log. */
function workersThatAnswered(): Set<string> {
  const lines = setting.platform.stderr().split("\n");
  return new Set(lines.flatMap((line) => /"worker":(\d+).*"path":"\/v1\/chat\/completions","status":200/.exec(line)?.[1] ?? []));
}

async function metrics(): Promise<string> {
  return (await setting.call("/metrics", CLOSE)).text();
}

describe("several workers", () => {
  it("share the requests, whole and streamed, and the ledger has a row for each", async () => {
    const before = await setting.query<{ count: number }>("select count(*)::int as count from ledger");
    const answers = await onAllWorkers(async () => {
      const whole: unknown = await (await setting.chat()).json();
      const streamed = await (await setting.chat({ stream: true })).text();
      return { whole, streamed };
    });
    for (const { whole, streamed } of answers) {
      expect(whole).toMatchObject({ choices: [{ finish_reason: "length" }], usage: { completion_tokens: 3 } });
      expect(streamed.endsWith("data: [DONE]\n\n")).toBe(true);
    }
    await until(() => workersThatAnswered().size === WORKERS);
    const count = async () => (await setting.query<{ count: number }>("select count(*)::int as count from ledger"))[0]?.count ?? 0;
    await until(async () => (await count()) === (before[0]?.count ?? 0) + 2 * answers.length);
    const sums = await setting.query("select sum(completion_tokens)::int as tokens from ledger");
    expect(seriesIn(await metrics(), `bonfire_tokens_total{model="${REPLICA_MODEL}",class="completion"}`)).toBe(sums[0]?.tokens);
  });

  it("know what operators have changed when they are told that it has changed", async () => {
    const created = await setting.call("/admin/v1/keys", { method: "POST", body: JSON.stringify({ name: "app" }) });
    const { key, id } = z.object({ key: z.string(), id: z.string() }).parse(await created.json());
    const statuses = () =>
      onAllWorkers(
        async () => (await setting.call("/v1/models", { headers: { authorization: `Bearer ${key}`, connection: "close" } })).status,
      );
    expect(new Set(await statuses())).toEqual(new Set([200]));
    await setting.call(`/admin/v1/keys/${id}`, { method: "DELETE" });
    expect(new Set(await statuses())).toEqual(new Set([401]));
  });

  it("take a route that another gateway has changed within two seconds", async () => {
    const definition = { groups: [{ deployments: [{ deployment: `upstream/${REPLICA_MODEL}` }] }] };
    const put = await setting.call("/admin/v1/routes/team/any", { method: "PUT", body: JSON.stringify(definition) });
    expect(put.status).toBe(200);
    const statuses = await onAllWorkers(async () => (await setting.chat({ model: "team/any" })).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await setting.query("delete from routes");
    await setting.query("update snapshot_versions set version = version + 1 where kind = 'routes'");
    const gone = async () => {
      const answered = await onAllWorkers(async () => (await setting.chat({ model: "team/any" })).status);
      return answered.every((status) => status === 404);
    };
    await until(gone, 2_000);
  });

  it("use the engines of this machine, which one process keeps", async () => {
    const answers = await onAllWorkers(async () => {
      const response = await setting.chat({ model: MODEL, max_tokens: 4, stream: true });
      return { status: response.status, text: await response.text() };
    });
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    }
    const tokens = await setting.call("/v1/tokenize", { method: "POST", body: JSON.stringify({ model: MODEL, prompt: "Hello" }) });
    expect(tokens.status).toBe(200);
    await until(async () => (await setting.query(`select 1 from ledger where model = '${MODEL}'`)).length === answers.length);
  });

  it("hand on what operators ask, streams and failures included, to those who may", async () => {
    const status = await setting.call("/admin/v1/status", CLOSE);
    expect(await status.json()).toMatchObject({ object: "status", pid: setting.platform.pid });
    const missing = await setting.call("/admin/v1/routes/none", { method: "DELETE" });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: "route_not_found" } });
    const pulled = await setting.call("/admin/v1/models", { method: "POST", body: JSON.stringify({ model: MODEL }) });
    expect(pulled.headers.get("content-type")).toContain("text/event-stream");
    expect(await pulled.text()).toContain('"installed"');
    expect((await setting.call("/admin/v1/status", { headers: { authorization: "Bearer none" } })).status).toBe(401);
    expect((await fetch(new URL("/openapi.json", setting.platform.baseUrl))).status).toBe(200);
  });

  it("are one for Prometheus, also after one of them has gone", async () => {
    const series = `bonfire_attempts_total{model="${REPLICA_MODEL}",outcome="succeeded"}`;
    const before = seriesIn(await metrics(), series);
    expect(before).toBeGreaterThan(0);
    const [victim = 0] = setting.workers();
    process.kill(victim, "SIGKILL");
    await until(() => setting.platform.stderr().includes("a worker ended"));
    for (let request = 0; request < 4; request++) expect((await setting.chat({}, CLOSE)).status).toBe(200);
    await until(() => setting.platform.stderr().split("a worker takes requests").length - 1 === WORKERS + 1);
    expect(setting.workers()).toHaveLength(WORKERS);
    expect(setting.workers()).not.toContain(victim);
    await until(async () => seriesIn(await metrics(), series) === before + 4);
    expect(seriesIn(await metrics(), 'bonfire_build_info{version="0.1.0"}')).toBe(1);
  });
});

describe("a platform with workers", () => {
  it("leaves nothing behind when it is killed, and starts again with each attempt in its ledger", async () => {
    const tree = processTree(setting.platform.pid);
    const streams = await onAllWorkers(() => setting.chat({ max_tokens: 200, stream: true }));
    setting.platform.kill("SIGKILL");
    await until(() => stillRunning(tree).length === 0 && processesNaming(setting.home).length === 0);
    await Promise.allSettled(streams.map((response) => response.text()));
    await setting.start();
    expect((await setting.chat()).status).toBe(200);
    const calls = setting.replica.calls.length;
    await until(async () => (await setting.query(`select 1 from ledger where model <> '${MODEL}'`)).length === calls);
    const interrupted = await setting.query("select 1 from ledger where outcome = 'interrupted'");
    expect(interrupted.length).toBeGreaterThanOrEqual(streams.length);
  });

  it("lets running streams end when it is stopped", async () => {
    const response = await setting.chat({ max_tokens: 40, stream: true });
    const [text, code] = await Promise.all([response.text(), setting.platform.stop("SIGTERM")]);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(code).toBe(0);
  });
});
