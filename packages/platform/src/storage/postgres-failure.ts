import type { ProcessExit } from "../processes/shimmed-process.ts";

/** What always helps where the embedded PostgreSQL cannot run; the end of every message about it. */
export const OWN_DATABASE = "Set DATABASE_URL to use a PostgreSQL of your own instead.";

/** One of the programs ended where it should not have; the message ends with the last lines that it printed. */
export class PostgresFailure extends Error {
  override readonly name = "PostgresFailure";

  constructor(what: string, exit: ProcessExit) {
    const printed = exit.lastLines.slice(-10).join("\n") || "it printed nothing";
    super(`${what} (status ${exit.code}). ${OWN_DATABASE} Its last lines:\n${printed}`);
  }
}
