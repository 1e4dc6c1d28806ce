import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../storage/embedded-postgres.ts";
import { LedgerStore } from "../ledger-store.ts";

/** A PostgreSQL of its own that can go away and come back. */
export async function startLedgerDatabase() {
  const directory = await mkdtemp(join(tmpdir(), "bonfire-ledger-"));
  const start = () => startEmbeddedPostgres({ directory, log: () => undefined });
  let postgres: EmbeddedPostgres = await start();
  const { databaseUrl } = postgres;
  const connection = await openDatabase(databaseUrl, () => undefined);
  return {
    database: connection.database,
    databaseUrl,
    store: new LedgerStore(connection.database),
    goAway: () => postgres.stop(),
    comeBack: async () => {
      postgres = await start();
    },
    empty: () => connection.database.execute("truncate ledger"),
    close: async () => {
      await connection.close();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type LedgerDatabase = Awaited<ReturnType<typeof startLedgerDatabase>>;
