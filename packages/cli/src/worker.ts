import { startWorker } from "@bonfire/platform/start-worker";
import { outliveBrokenPipes } from "./broken-pipe.ts";
import { EXIT } from "./exit.ts";
import { readConfig } from "./home.ts";
import { openWorkerLog } from "./platform-log.ts";

// Signals that reach the whole process group are the primary process' business: it tells its workers what to do.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
outliveBrokenPipes();

const config = readConfig();
const logger = openWorkerLog(config);
try {
  await startWorker({ config, logger });
  process.exit(EXIT.ok);
} catch (error) {
  logger.error({ err: error }, "a worker could not start");
  process.exit(EXIT.failed);
}
