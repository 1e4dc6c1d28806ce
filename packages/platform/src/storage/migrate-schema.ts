import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import type pg from "pg";

/** The same place seen from `src/` and from `dist/`. */
const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
/** Any number that nobody else locks with: ASCII "bonf". */
const MIGRATION_LOCK = 0x626f6e66;

/** Nothing but another program or another database helps: trying again does not. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";

  constructor() {
    super("The database was written by a newer version of Bonfire. Start that version, or restore a backup made before it.");
  }
}

/**
 * Brings the schema up to date, one platform at a time. The client holds the lock until it is done; when this fails, end the client.
 * @throws NewerSchemaError
 */
export async function migrateSchema(client: pg.Client): Promise<void> {
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  await refuseNewerSchema(client);
  await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
}

async function refuseNewerSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>("select to_regclass('drizzle.__drizzle_migrations') is not null as exists");
  if (rows[0]?.exists !== true) return;
  const applied = await client.query<{ newest: string | null }>("select max(created_at)::text as newest from drizzle.__drizzle_migrations");
  const newestApplied = Number(applied.rows[0]?.newest ?? 0);
  const newestKnown = Math.max(...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map((migration) => migration.folderMillis));
  if (newestApplied > newestKnown) throw new NewerSchemaError();
}
