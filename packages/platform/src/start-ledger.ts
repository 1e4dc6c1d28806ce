import { join } from "node:path";
import type { Lifetime } from "./lifetime.ts";
import { Ledger } from "./metering/ledger.ts";
import { LedgerStore } from "./metering/ledger-store.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { PlatformOptions } from "./platform-options.ts";
import type { DatabaseConnection } from "./storage/database.ts";

/** For rows that wait when the platform stops; the next start does the rest. */
const FLUSH_MS = 2_000;

/** Takes attempts at once; what an earlier run left behind is brought into the database meanwhile. */
export function startLedger(
  { config, logger }: PlatformOptions,
  connection: DatabaseConnection,
  metrics: Metrics,
  lifetime: Lifetime,
): Ledger {
  const ledger = new Ledger({
    directory: join(config.home, "ledger"),
    store: new LedgerStore(connection.database),
    onRow: (row) => metrics.attemptEnded(row),
    onFailure: (error) => logger.error({ part: "ledger", err: error }, "ledger"),
    onRecovery: () => logger.info({ part: "ledger" }, "the ledger's rows reach the database again"),
  });
  const started = ledger.start();
  started.catch((error: unknown) => logger.error({ part: "ledger", err: error }, "the ledger could not start; requests are refused"));
  lifetime.add("ledger", () => ledger.stop(FLUSH_MS));
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
