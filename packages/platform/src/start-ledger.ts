import { join } from "node:path";
import type { Logger } from "pino";
import type { Lifetime } from "./lifetime.ts";
import { Ledger } from "./metering/ledger.ts";
import { LedgerStore } from "./metering/ledger-store.ts";
import { listSegments } from "./metering/segments.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import { withLeftFolders } from "./workers/locked-folder.ts";

/** For rows that wait when the platform stops; the next start does the rest. */
const FLUSH_MS = 2_000;

/** How often old rows are looked for. */
const CLEAN_UP_MS = 3_600_000;

/** Takes attempts at once; what an earlier run left behind is brought into the database meanwhile. */
export function startLedger(
  { config, logger, worker }: PlatformOptions,
  connection: DatabaseConnection,
  metrics: Metrics,
  lifetime: Lifetime,
): Ledger {
  const store = new LedgerStore(connection.database);
  const ledger = new Ledger({
    directory: worker?.ledgerFolder ?? join(config.home, "ledger"),
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

/**
 * Brings what workers have left into the database that run no more: rows that they had not written yet, and attempts that they were in the
 * middle of.
 */
export async function recoverWorkerLedgers(
  { config, logger }: PlatformOptions,
  connection: DatabaseConnection,
  metrics: Metrics,
): Promise<void> {
  const store = new LedgerStore(connection.database);
  await withLeftFolders(workerLedgers(config.home), async (directory) => {
    if (listSegments(directory).every(({ bytes }) => bytes === 0)) return;
    const ledger = new Ledger({
      ...{ directory, store },
      onRow: (row) => metrics.attemptEnded(row),
      onFailure: (error) => logger.error({ part: "ledger", err: error }, "what a worker left in its ledger waits for the next start"),
      onRecovery: () => undefined,
    });
    await ledger.start();
    await ledger.stop(FLUSH_MS);
  });
}

/** Where each worker has a folder for its write-ahead file. */
export function workerLedgers(home: string): string {
  return join(home, "ledger", "workers");
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
