import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID, modelAliases } from "../storage/schema.ts";
import type { KnownEntries, SnapshotSource } from "../storage/snapshot.ts";
import { raiseVersion, readVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";

export interface Alias {
  readonly name: string;
  /** Id of the model. */
  readonly model: string;
  readonly createdAt: Date;
}

const COLUMNS = { name: modelAliases.name, model: modelAliases.model, createdAt: modelAliases.createdAt };

/** The operator's names for models, in the database. Every change raises the version that gateways compare with. */
export class AliasStore implements SnapshotSource<string> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In the order of their names. */
  list(): Promise<Alias[]> {
    return this.#database
      .select(COLUMNS)
      .from(modelAliases)
      .where(eq(modelAliases.projectId, DEFAULT_PROJECT_ID))
      .orderBy(asc(modelAliases.name));
  }

  /** One with the same name is replaced. */
  async set(name: string, model: string): Promise<Alias> {
    return inTransaction(this.#database, async (transaction) => {
      const [alias] = await transaction
        .insert(modelAliases)
        .values({ accountId: DEFAULT_ACCOUNT_ID, projectId: DEFAULT_PROJECT_ID, name, model })
        .onConflictDoUpdate({ target: [modelAliases.projectId, modelAliases.name], set: { model } })
        .returning(COLUMNS);
      if (alias === undefined) throw new Error("The database did not return the alias that it stored.");
      await raiseVersion(transaction, "aliases");
      return alias;
    });
  }

  /** @returns false when there is no such alias. */
  async remove(name: string): Promise<boolean> {
    return inTransaction(this.#database, async (transaction) => {
      const removed = await transaction
        .delete(modelAliases)
        .where(and(eq(modelAliases.projectId, DEFAULT_PROJECT_ID), eq(modelAliases.name, name)))
        .returning({ name: modelAliases.name });
      if (removed.length > 0) await raiseVersion(transaction, "aliases");
      return removed.length > 0;
    });
  }

  version(): Promise<number> {
    return readVersion(this.#database, "aliases");
  }

  /** The id of each alias' model as of one version. */
  async known(): Promise<KnownEntries<string>> {
    // The version first: a change in between makes the next comparison differ, and the aliases are read again.
    const version = await this.version();
    const aliases = await this.list();
    return { version, entries: new Map(aliases.map(({ name, model }) => [name, model])) };
  }
}
