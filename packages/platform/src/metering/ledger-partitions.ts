import { sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { inTransaction } from "../storage/transaction.ts";
import { firstUuidAt, nextDay, startOfDay } from "./attempt-id.ts";

const NAME = /^ledger_(\d{4})_(\d\d)_(\d\d)$/;
/** Any number that nobody else locks with: ASCII "ledg". */
const PARTITION_LOCK = 0x6c656467;
/** A statement that waits for the ledger's lock holds up all inserts behind it. */
const LOCK_PATIENCE = "5s";

/** The partitions of the ledger: one for each UTC day. */
export class LedgerPartitions {
  readonly #database: Database;
  /** Days, as milliseconds of their midnight. */
  readonly #known = new Set<number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes those that are missing; safe when several gateways do it at once. @param days as milliseconds of their midnights. */
  async ensure(days: Iterable<number>): Promise<void> {
    for (const day of days) {
      if (this.#known.has(day)) continue;
      await this.#create(day);
      this.#known.add(day);
    }
  }

  /** Asks the database again about all days: another gateway may have dropped one. */
  forget(): void {
    this.#known.clear();
  }

  /** @param moment milliseconds since 1970; the days before its own are dropped. @returns their names. */
  async dropBefore(moment: number): Promise<string[]> {
    const limit = startOfDay(moment);
    const { rows } = await this.#database.execute<{ name: string }>(
      sql`select relid::regclass::text as name from pg_partition_tree('ledger') where isleaf and level = 1 order by 1`,
    );
    const names = rows.map(({ name }) => name).filter((name) => (dayOfPartition(name) ?? limit) < limit);
    for (const name of names) {
      await this.#locked((transaction) => transaction.execute(sql`drop table if exists ${sql.identifier(name)}`));
    }
    this.forget();
    return names;
  }

  async #create(day: number): Promise<void> {
    const name = partitionName(day);
    await this.#locked(async (transaction) => {
      const { rows } = await transaction.execute<{ exists: boolean }>(sql`select to_regclass(${name}) is not null as exists`);
      if (rows[0]?.exists === true) return;
      // Made apart and then attached: `partition of` would wait until nobody reads or writes the ledger.
      await transaction.execute(sql`create table ${sql.identifier(name)} (like ledger including all)`);
      await transaction.execute(
        sql`alter table ledger attach partition ${sql.identifier(name)} for values from (${uuidLiteral(day)}) to (${uuidLiteral(nextDay(day))})`,
      );
    });
  }

  async #locked(work: (transaction: Pick<Database, "execute">) => Promise<unknown>): Promise<void> {
    await inTransaction(this.#database, async (transaction) => {
      await transaction.execute(sql`select set_config('lock_timeout', ${LOCK_PATIENCE}, true), pg_advisory_xact_lock(${PARTITION_LOCK})`);
      await work(transaction);
    });
  }
}

function partitionName(day: number): string {
  return `ledger_${new Date(day).toISOString().slice(0, 10).replaceAll("-", "_")}`;
}

function dayOfPartition(name: string): number | undefined {
  const [, year, month, date] = NAME.exec(name) ?? [];
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(date));
}

/** The bounds of a partition take no parameters. Hexadecimal digits only, so that nothing needs a quote. */
function uuidLiteral(day: number) {
  return sql.raw(`'${firstUuidAt(day)}'`);
}
