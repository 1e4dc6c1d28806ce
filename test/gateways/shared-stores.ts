import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { endAll } from "../bonfire-process.ts";
import { type Gateway, startGateway } from "./gateway.ts";

interface AttemptRow {
  readonly request_id: string;
  readonly project_id: string;
  readonly model: string;
  readonly deployment: string;
  readonly streamed: boolean;
  readonly attempt: number;
  readonly cause: string;
  readonly queued_ms: number | null;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly completion: number | null;
  readonly usage_source: string;
}

/** A database that gateways share and that outlives them. */
export interface SharedStores {
  /** An admin key, known to all gateways. */
  readonly key: string;
  readonly folder: string;
  /** Starts `bonfire up` without models of its own. @param name of its home: what it is started with again, it finds again. */
  start(name: string, env?: Readonly<Record<string, string>>): Promise<Gateway>;
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  /** Rows of the ledger, in the order of their beginnings. */
  rows(): Promise<readonly AttemptRow[]>;
  query(text: string, values?: readonly unknown[]): Promise<void>;
  /** Ends the gateways as well. */
  close(): Promise<void>;
}

export async function openSharedStores(): Promise<SharedStores> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const start = () => startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
  let postgres = await start();
  const { databaseUrl } = postgres;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  pool.on("error", () => undefined);
  const key = randomBytes(24).toString("hex");
  const shared = {
    BONFIRE_PRELOAD: "none",
    BONFIRE_BOOTSTRAP_KEY: key,
    BONFIRE_SECRET: randomBytes(32).toString("hex"),
    DATABASE_URL: databaseUrl,
  };
  return {
    key,
    folder,
    start: (name, env = {}) => startGateway({ home: join(folder, name), key, env: { ...shared, ...env } }),
    stopPostgres: () => postgres.stop(),
    startPostgres: async () => {
      postgres = await start();
    },
    rows: async () => {
      const { rows } = await pool.query<AttemptRow>(`
        select request_id, project_id, model, deployment, streamed, attempt, cause, queued_ms::int, outcome, error_code, usage_source,
          completion_tokens::int as completion
        from ledger order by id`);
      return rows;
    },
    query: async (text, values = []) => {
      await pool.query(text, [...values]);
    },
    close: async () => {
      await endAll();
      await pool.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
