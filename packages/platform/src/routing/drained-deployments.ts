import { asc, eq } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { drainedDeployments } from "../storage/schema.ts";
import { raiseVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";

/** The deployments that take no new requests, in the database. They belong to the version of the routes. */
export class DrainedDeployments {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<string[]> {
    const rows = await this.#database
      .select({ name: drainedDeployments.name })
      .from(drainedDeployments)
      .orderBy(asc(drainedDeployments.name));
    return rows.map(({ name }) => name);
  }

  async set(name: string, isDraining: boolean): Promise<void> {
    await inTransaction(this.#database, async (transaction) => {
      const changed = isDraining
        ? await transaction.insert(drainedDeployments).values({ name }).onConflictDoNothing().returning()
        : await transaction.delete(drainedDeployments).where(eq(drainedDeployments.name, name)).returning();
      if (changed.length > 0) await raiseVersion(transaction, "routes");
    });
  }
}
