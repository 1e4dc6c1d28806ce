import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type FakeReplica, FakeStream, startFakeReplica } from "../../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { endAll } from "../bonfire-process.ts";
import { processesNaming, processTree } from "../processes.ts";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";

export const REPLICA_MODEL = "replica/slow";

/** `bonfire up` with workers, in front of a scripted upstream and on a database that can be looked at. */
export interface PlatformWithWorkers {
  /** An admin key. */
  readonly key: string;
  readonly home: string;
  readonly replica: FakeReplica;
  platform: RunningPlatform;
  /** Starts it again, after it has ended. */
  start(): Promise<void>;
  /** With the admin key. */
  call(path: string, init?: RequestInit): Promise<Response>;
  chat(body?: Readonly<Record<string, unknown>>, init?: RequestInit): Promise<Response>;
  /** Ids of the workers' processes. */
  workers(): readonly number[];
  query<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const TOKEN_MS = 15;

export async function startWithWorkers(workers: number, env: Readonly<Record<string, string>> = {}): Promise<PlatformWithWorkers> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const key = randomBytes(24).toString("hex");
  const replica = await startFakeReplica({ model: REPLICA_MODEL, contextLength: 1_000 });
  replica.script = async ({ path, body, response, hungUp }) => {
    const stream = new FakeStream(response, { path, model: REPLICA_MODEL });
    const tokens = Number(body.max_tokens ?? 5);
    stream.begin();
    stream.role(0);
    for (let token = 0; token < tokens && !hungUp.aborted; token++) {
      stream.text(0, ` ${token}`);
      await delay(TOKEN_MS);
    }
    stream.finish(0, "length");
    stream.usage({ prompt_tokens: 3, completion_tokens: tokens, total_tokens: 3 + tokens });
    stream.done();
  };
  const postgres = await startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
  const pool = new pg.Pool({ connectionString: postgres.databaseUrl, max: 1 });
  pool.on("error", () => undefined);
  const home = join(folder, "home");
  const start = () =>
    startPlatformProcess({
      home,
      env: {
        ...{ BONFIRE_PRELOAD: "none", BONFIRE_UPSTREAM_URL: replica.url, BONFIRE_BOOTSTRAP_KEY: key },
        ...{ DATABASE_URL: postgres.databaseUrl, BONFIRE_WORKERS: String(workers), ...env },
      },
    });
  const whole: PlatformWithWorkers = {
    key,
    home,
    replica,
    platform: await start(),
    start: async () => {
      whole.platform = await start();
    },
    call: (path, init) =>
      fetch(new URL(path, whole.platform.baseUrl), {
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init?.headers },
      }),
    chat: (body, init) =>
      whole.call("/v1/chat/completions", {
        ...init,
        method: "POST",
        body: JSON.stringify({ model: REPLICA_MODEL, messages: [{ role: "user", content: "one two three" }], max_tokens: 3, ...body }),
      }),
    workers: () => {
      const named = new Set(processesNaming("dist/worker.js"));
      return processTree(whole.platform.pid).flatMap(({ pid }) => (named.has(pid) ? [pid] : []));
    },
    query: async <Row extends pg.QueryResultRow>(sql: string) => (await pool.query<Row>(sql)).rows,
    close: async () => {
      await endAll();
      await until(() => processesNaming(home).length === 0, 20_000);
      await pool.end();
      await postgres.stop();
      await replica.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return whole;
}

/** Value of one series in Prometheus' text. */
export function seriesIn(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}
