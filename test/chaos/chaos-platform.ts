import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";
import { healthyAnswer } from "./answers.ts";
import { ask, type SeenAnswer } from "./asked-answer.ts";
import { ChaosServer, type Door } from "./chaos-server.ts";

export interface AttemptRow {
  readonly deployment: string;
  readonly cause: string;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly usage_source: string;
  readonly prompt: number | null;
  readonly completion: number | null;
}

/** A platform without models of its own, in front of upstreams that do what scripts say. */
export interface ChaosPlatform {
  readonly platform: RunningPlatform;
  readonly server: ChaosServer;
  /** The one that all share who do not need their own. */
  readonly door: Door;
  /** A call to an endpoint other than chat completions. */
  call(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response>;
  ask(body: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<SeenAnswer>;
  apply(resources: object): Promise<void>;
  /** Of one request, once all of its attempts have ended and stand in the ledger. */
  rows(requestId: string | null, count: number): Promise<readonly AttemptRow[]>;
  /** The last attempt at a deployment that stands in the ledger, and how many there are. */
  lastRow(deployment: string): Promise<(AttemptRow & { readonly seen: number }) | undefined>;
  close(): Promise<void>;
}

const COLUMNS = `deployment, cause, outcome, error_code, usage_source,
  (uncached_prompt_tokens + coalesce(cached_prompt_tokens, 0))::int as prompt, completion_tokens::int as completion`;

export async function startChaosPlatform(): Promise<ChaosPlatform> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const server = new ChaosServer(healthyAnswer);
  const door = await server.addDoor();
  const postgres = await startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
  const pool = new pg.Pool({ connectionString: postgres.databaseUrl, max: 2 });
  pool.on("error", () => undefined);
  const key = randomBytes(24).toString("hex");
  const platform = await startPlatformProcess({
    home: join(folder, "home"),
    env: { BONFIRE_PRELOAD: "none", BONFIRE_BOOTSTRAP_KEY: key, DATABASE_URL: postgres.databaseUrl },
  });
  const { baseUrl } = platform;

  const call: ChaosPlatform["call"] = (method, path, body, signal) =>
    fetch(new URL(path, baseUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  return {
    ...{ platform, server, door, call },
    ask: (body, signal) => ask({ baseUrl, key, body, ...(signal === undefined ? {} : { signal }) }),
    apply: async (resources) => {
      const answer = await call("POST", "/admin/v1/apply", { resources });
      if (!answer.ok) throw new Error(`The resources were not applied: ${await answer.text()}`);
    },
    rows: async (requestId, count) => {
      let rows: readonly AttemptRow[] = [];
      await until(async () => {
        ({ rows } = await pool.query<AttemptRow>(`select ${COLUMNS} from ledger where request_id = $1 order by id`, [requestId]));
        return rows.length >= count;
      });
      return rows;
    },
    lastRow: async (deployment) => {
      const { rows } = await pool.query<AttemptRow & { seen: number }>(
        `select ${COLUMNS}, (count(*) over ())::int as seen from ledger where deployment = $1 order by id desc limit 1`,
        [deployment],
      );
      return rows[0];
    },
    close: async () => {
      await pool.end();
      await postgres.stop();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
