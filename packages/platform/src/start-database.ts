import { join } from "node:path";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { connectDatabase, type DatabaseConnection } from "./storage/database.ts";
import { supervisePostgres } from "./storage/postgres-supervisor.ts";

export interface RunningDatabase extends DatabaseConnection {
  readonly kind: "embedded" | "external";
  /** May hold a password. */
  readonly url: string;
}

const OUTAGES = {
  down: "the database is away; known keys stay valid, changes fail until it is back",
  refused: "the database is newer than this program and is not used; known keys stay valid for a day, changes fail",
};

/**
 * Connects to the database of DATABASE_URL, or starts one of our own and keeps it alive. Settles when the first try to connect has ended:
 * a database elsewhere may be away, and is tried again for as long as that takes.
 * @throws when our own cannot be started, or the schema is newer than this program.
 */
export async function startDatabase({ config, logger, onProgress }: PlatformOptions, lifetime: Lifetime): Promise<RunningDatabase> {
  const kind = config.databaseUrl === undefined ? "embedded" : "external";
  const url = config.databaseUrl ?? (await startOwnPostgres());
  let wasDown = false;
  const connection = connectDatabase({
    url,
    name: kind === "embedded" ? "the embedded database" : "the database of DATABASE_URL",
    onState: (state) => {
      if (state.status === "up" && wasDown) logger.info({ part: "database" }, "the database is back");
      else if (state.status !== "up") logger.error({ part: "database", err: state.error }, OUTAGES[state.status]);
      wasDown = state.status !== "up";
    },
    onIdleError: (error) => logger.debug({ part: "database", err: error }, "the database closed an idle connection"),
  });
  lifetime.add("database connections", connection.close);
  await connection.tried;
  const state = connection.state();
  if (state.status === "refused" || (state.status === "down" && kind === "embedded")) throw state.error;
  return { ...connection, kind, url };

  async function startOwnPostgres(): Promise<string> {
    onProgress("starting the embedded PostgreSQL");
    const postgres = await supervisePostgres({
      directory: join(config.home, "postgres"),
      log: (line) => logger.debug({ part: "postgres" }, line),
      sudoUser: config.sudoUser,
      onState: (state) => {
        if (state.status === "up") logger.info({ part: "postgres" }, "the embedded PostgreSQL runs again");
        else logger.error({ part: "postgres", reason: state.reason, last_lines: state.lastLines }, "the embedded PostgreSQL ended");
      },
    });
    lifetime.add("embedded PostgreSQL", postgres.stop);
    return postgres.databaseUrl;
  }
}
