import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach } from "vitest";
import { type FakeReplica, startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { startEmbeddedPostgres } from "../packages/platform/src/storage/embedded-postgres.ts";
import { endAll } from "./bonfire-process.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";

export const REPLICA_MODEL = "replica/echo";

interface LedgerRow {
  readonly request_id: string;
  readonly attempt: number;
  readonly model: string;
  readonly endpoint: string;
  readonly streamed: boolean;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly finish_reason: string | null;
  readonly prompt: number | null;
  readonly completion: number | null;
  readonly usage_source: string;
  readonly first_token_ms: number | null;
  readonly duration_ms: number | null;
}

export interface MeteredSetting {
  /** An admin key. */
  readonly key: string;
  readonly replica: FakeReplica;
  /** Starts `bonfire up` in front of the replica, with no model of its own; always on the same home and database. */
  start(): Promise<RunningPlatform>;
  /** All rows of the ledger, in the order of their beginnings. */
  rows(): Promise<readonly LedgerRow[]>;
  close(): Promise<void>;
}

/** A setting for each test of a file, taken down after it. @returns what gives the current one. */
export function meterEachTest(): () => MeteredSetting {
  let folder = "";
  let setting: MeteredSetting | undefined;
  const current = (): MeteredSetting => {
    if (setting === undefined) throw new Error("No test is running.");
    return setting;
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
    setting = await setUpMetering(folder, randomBytes(24).toString("hex"));
  });
  afterEach(async () => {
    await endAll();
    await current().close();
    rmSync(folder, { recursive: true, force: true });
  });
  return current;
}

/** A scripted replica and a database that outlive the platform between them, so that each can be asked what it saw. */
async function setUpMetering(folder: string, key: string): Promise<MeteredSetting> {
  const replica = await startFakeReplica({ model: REPLICA_MODEL, contextLength: 1_000 });
  const postgres = await startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
  const pool = new pg.Pool({ connectionString: postgres.databaseUrl, max: 1 });
  pool.on("error", () => undefined);
  const env = {
    BONFIRE_PRELOAD: "none",
    BONFIRE_UPSTREAM_URL: replica.url,
    BONFIRE_BOOTSTRAP_KEY: key,
    DATABASE_URL: postgres.databaseUrl,
  };
  return {
    key,
    replica,
    start: () => startPlatformProcess({ home: join(folder, "home"), env }),
    rows: async () => {
      const { rows } = await pool.query<LedgerRow>(`
        select request_id, attempt, model, endpoint, streamed, outcome, error_code, finish_reason, usage_source, first_token_ms::int, duration_ms::int,
          (uncached_prompt_tokens + coalesce(cached_prompt_tokens, 0))::int as prompt, completion_tokens::int as completion
        from ledger order by id`);
      return rows;
    },
    close: async () => {
      await pool.end();
      await postgres.stop();
      await replica.close();
    },
  };
}
