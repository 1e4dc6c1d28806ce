import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { openDatabase } from "../../storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../storage/embedded-postgres.ts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID } from "../../storage/schema.ts";
import type { Scope } from "../scope.ts";

export const OWN: Scope = { accountId: DEFAULT_ACCOUNT_ID, projectId: DEFAULT_PROJECT_ID, keyId: "key_own" };
export const FOREIGN: Scope = { accountId: DEFAULT_ACCOUNT_ID, projectId: "proj_foreign", keyId: "key_foreign" };

/** A PostgreSQL of its own with two projects, that can go away and come back. */
export async function startResponseDatabase() {
  const directory = await mkdtemp(join(tmpdir(), "bonfire-responses-"));
  const start = () => startEmbeddedPostgres({ directory, log: () => undefined });
  let postgres: EmbeddedPostgres = await start();
  const connection = await openDatabase(postgres.databaseUrl, () => undefined);
  const { database } = connection;
  await database.execute(
    sql`insert into projects (id, account_id, name) values (${FOREIGN.projectId}, ${FOREIGN.accountId}, 'a project that is not ours')`,
  );
  return {
    database,
    goAway: () => postgres.stop(),
    comeBack: async () => {
      postgres = await start();
    },
    /** As if nobody had used anything for so long. */
    age: async (milliseconds: number) => {
      for (const table of [sql`responses`, sql`conversations`]) {
        await database.execute(sql`update ${table} set last_used_at = last_used_at - ${milliseconds} * interval '1 millisecond'`);
      }
    },
    close: async () => {
      await connection.close();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type ResponseDatabase = Awaited<ReturnType<typeof startResponseDatabase>>;
