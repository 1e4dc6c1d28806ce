import { join } from "node:path";
import type { Logger } from "pino";
import type { Lifetime } from "./lifetime.ts";
import { Ledger } from "./metering/ledger.ts";
import { LedgerStore } from "./metering/ledger-store.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import type { DatabaseConnection } from "./storage/database.ts";

/** For rows that wait when the platform stops; the next start does the rest. */
const FLUSH_MS = 2_000;

/** How often old rows are looked for. */
const CLEAN_UP_MS = 3_600_000;

/** Takes attempts at once; what an earlier run left behind is brought into the database meanwhile. */
export function startLedger(
  { config, logger }: PlatformOptions,
  connection: DatabaseConnection,
  metrics: Metrics,
  lifetime: Lifetime,
): Ledger {
  const store = new LedgerStore(connection.database);
  const ledger = new Ledger({
    directory: join(config.home, "ledger"),
    store,
    onRow: (row) => metrics.attemptEnded(row),
    onFailure: (error) => logger.error({ part: "ledger", err: error }, "ledger"),
    onRecovery: () => logger.info({ part: "ledger" }, "the ledger's rows reach the database again"),
  });
  const started = ledger.start();
  started.catch((error: unknown) => logger.error({ part: "ledger", err: error }, "the ledger could not start; requests are refused"));
  lifetime.add("ledger", () => ledger.stop(FLUSH_MS));
  const { ledgerKeepMs } = config;
  if (ledgerKeepMs !== undefined) lifetime.add("ledger's clean-up", dropOldRows(store, ledgerKeepMs, logger));
  metrics.pullFrom({
    ledger: () => ({
      rowsWaiting: ledger.rowsWaiting,
      writeAheadBytes: ledger.writeAheadBytes,
      runningAttempts: ledger.runningAttempts,
    }),
    databaseIsUp: () => connection.state().status === "up",
  });
  return ledger;
}

/** Days whose rows are all older go as a whole, now and every hour. @returns the function that ends it. */
function dropOldRows(store: LedgerStore, keepMs: number, logger: Logger): () => Promise<void> {
  const dropNow = async (): Promise<void> => {
    try {
      const dropped = await store.dropPartitionsBefore(new Date(Date.now() - keepMs));
      if (dropped.length > 0) logger.info({ part: "ledger", dropped }, "old days of the ledger were dropped");
    } catch (error) {
      logger.warn({ part: "ledger", err: error }, "old days of the ledger could not be dropped; tried again in an hour");
    }
  };
  let running = dropNow();
  const timer = setInterval(() => {
    running = running.then(dropNow);
  }, CLEAN_UP_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
