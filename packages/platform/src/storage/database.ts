import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import * as schema from "./schema.ts";

export type Database = NodePgDatabase<typeof schema>;

export interface DatabaseConnection {
  readonly database: Database;
  close(): Promise<void>;
}

/** The same place seen from `src/` and from `dist/`. */
const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
/** Any number that nobody else locks with: ASCII "bonf". */
const MIGRATION_LOCK = 0x626f6e66;

/**
 * Opens a pool and brings the schema up to date, one platform at a time.
 * @throws when the database cannot be reached, or is newer than this program.
 */
export async function openDatabase(databaseUrl: string, onIdleError: (error: Error) => void): Promise<DatabaseConnection> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10, connectionTimeoutMillis: 5_000 });
  // A connection that the server ends while idle would otherwise end the process.
  pool.on("error", onIdleError);
  try {
    await migrateSchema(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return { database: drizzle(pool, { schema }), close: () => pool.end() };
}

async function migrateSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await refuseNewerSchema(client);
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  } finally {
    // Ends the session, and with it the lock, whatever happened.
    client.release(true);
  }
}

async function refuseNewerSchema(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>("select to_regclass('drizzle.__drizzle_migrations') is not null as exists");
  if (rows[0]?.exists !== true) return;
  const applied = await client.query<{ newest: string | null }>("select max(created_at)::text as newest from drizzle.__drizzle_migrations");
  const newestApplied = Number(applied.rows[0]?.newest ?? 0);
  const newestKnown = Math.max(...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map((migration) => migration.folderMillis));
  if (newestApplied > newestKnown) {
    throw new Error("The database was written by a newer version of Bonfire. Start that version, or restore a backup made before it.");
  }
}
