import { and, gt, lt, ne, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { gateways } from "../storage/schema.ts";
import { type GatewayReport, gatewayReport } from "./gateway-report.ts";

/** The gateways on one database. Times are the database's, so that clocks need not agree. */
export class GatewayStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Says that this gateway lives. @returns what the others have said within the last `aliveMs`; reports of another version are left out. */
  async exchange(id: string, report: GatewayReport, aliveMs: number): Promise<readonly GatewayReport[]> {
    await this.#database
      .insert(gateways)
      .values({ id, report, aliveAt: sql`now()` })
      .onConflictDoUpdate({ target: gateways.id, set: { report, aliveAt: sql`now()` } });
    const rows = await this.#database
      .select({ report: gateways.report })
      .from(gateways)
      .where(and(ne(gateways.id, id), gt(gateways.aliveAt, before(aliveMs))));
    return rows.flatMap((row) => gatewayReport.safeParse(row.report).data ?? []);
  }

  async leave(id: string): Promise<void> {
    await this.#database.delete(gateways).where(sql`${gateways.id} = ${id}`);
  }

  /** Removes those that went without a word. */
  async forgetOlderThan(ms: number): Promise<void> {
    await this.#database.delete(gateways).where(lt(gateways.aliveAt, before(ms)));
  }
}

function before(ms: number) {
  return sql`now() - make_interval(secs => ${ms / 1_000})`;
}
