import { and, count, DrizzleQueryError, desc, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { ledger } from "../storage/schema.ts";
import { arrayLiteral } from "./array-literal.ts";
import type { LedgerRow } from "./attempt.ts";
import { dayOf, firstUuidAt, fromUuid, toUuid } from "./attempt-id.ts";
import { LedgerPartitions } from "./ledger-partitions.ts";

/** Attempts that began at `from` or later and before `to`. */
interface TimeRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** Sums of one model and outcome. Null where no attempt of them knows the class. */
interface TokenSums {
  readonly model: string;
  readonly outcome: LedgerRow["outcome"];
  readonly attempts: number;
  readonly uncachedPromptTokens: number | null;
  readonly cachedPromptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
}

interface Column {
  readonly name: string;
  readonly type: "uuid" | "text" | "boolean" | "integer" | "bigint";
  readonly value: (row: LedgerRow) => string | number | boolean | null;
}

const COLUMNS: readonly Column[] = [
  { name: "id", type: "uuid", value: (row) => toUuid(row.id) },
  { name: "request_id", type: "text", value: (row) => toText(row.requestId) },
  { name: "account_id", type: "text", value: (row) => toText(row.accountId) },
  { name: "project_id", type: "text", value: (row) => toText(row.projectId) },
  { name: "key_id", type: "text", value: (row) => toText(row.keyId) },
  { name: "model", type: "text", value: (row) => toText(row.model) },
  { name: "deployment", type: "text", value: (row) => toText(row.deployment) },
  { name: "endpoint", type: "text", value: (row) => toText(row.endpoint) },
  { name: "streamed", type: "boolean", value: (row) => row.streamed },
  { name: "attempt", type: "integer", value: (row) => row.attempt },
  { name: "cause", type: "text", value: (row) => row.cause },
  { name: "queued_ms", type: "bigint", value: (row) => row.queuedMs },
  { name: "outcome", type: "text", value: (row) => row.outcome },
  { name: "error_code", type: "text", value: (row) => toText(row.errorCode) },
  { name: "finish_reason", type: "text", value: (row) => toText(row.finishReason) },
  { name: "uncached_prompt_tokens", type: "bigint", value: (row) => row.uncachedPromptTokens },
  { name: "cached_prompt_tokens", type: "bigint", value: (row) => row.cachedPromptTokens },
  { name: "completion_tokens", type: "bigint", value: (row) => row.completionTokens },
  { name: "reasoning_tokens", type: "bigint", value: (row) => row.reasoningTokens },
  { name: "usage_source", type: "text", value: (row) => row.usageSource },
  { name: "first_token_ms", type: "bigint", value: (row) => row.firstTokenMs },
  { name: "duration_ms", type: "bigint", value: (row) => row.durationMs },
];

const COLUMN_NAMES = sql.raw(COLUMNS.map(({ name }) => name).join(", "));

/** The ledger in the database. */
export class LedgerStore {
  readonly #database: Database;
  readonly #partitions: LedgerPartitions;

  constructor(database: Database) {
    this.#database = database;
    this.#partitions = new LedgerPartitions(database);
  }

  /** Inserts rows by one statement; those that are there already stay as they are. */
  async insert(rows: readonly LedgerRow[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.#partitions.ensure(new Set(rows.map(({ id }) => dayOf(id))));
      // One array for each column: many times faster than a list of values.
      const arrays = COLUMNS.map(({ type, value }) => sql`${arrayLiteral(rows.map(value))}::${sql.raw(type)}[]`);
      await this.#database.execute(
        sql`insert into ledger (${COLUMN_NAMES}) select * from unnest(${sql.join(arrays, sql`, `)}) on conflict do nothing`,
      );
    } catch (error) {
      this.#partitions.forget();
      // The outer error carries the statement with all its rows, which nobody wants in a log.
      throw error instanceof DrizzleQueryError ? (error.cause ?? new Error("The statement failed.")) : error;
    }
  }

  async count(range: TimeRange = {}): Promise<number> {
    const [row] = await this.#database.select({ rows: count() }).from(ledger).where(inRange(range));
    return row?.rows ?? 0;
  }

  async sumTokens(range: TimeRange = {}): Promise<TokenSums[]> {
    return this.#database
      .select({
        model: ledger.model,
        outcome: ledger.outcome,
        attempts: count(),
        uncachedPromptTokens: total(sql`${ledger.uncachedPromptTokens}`),
        cachedPromptTokens: total(sql`${ledger.cachedPromptTokens}`),
        completionTokens: total(sql`${ledger.completionTokens}`),
        reasoningTokens: total(sql`${ledger.reasoningTokens}`),
      })
      .from(ledger)
      .where(inRange(range))
      .groupBy(ledger.model, ledger.outcome)
      .orderBy(ledger.model, ledger.outcome);
  }

  /** Newest first. @param before the id of the last row of the page before. */
  async list({ limit, before, ...range }: TimeRange & { readonly limit: number; readonly before?: string }): Promise<{
    rows: LedgerRow[];
    hasMore: boolean;
  }> {
    const rows = await this.#database
      .select()
      .from(ledger)
      .where(and(inRange(range), before === undefined ? undefined : lt(ledger.id, toUuid(before))))
      .orderBy(desc(ledger.id))
      .limit(limit + 1);
    return { rows: rows.slice(0, limit).map((row) => ({ ...row, id: fromUuid(row.id) })), hasMore: rows.length > limit };
  }

  /** Drops the rows of all UTC days before the one of `day`, a partition at a time. @returns the names of the partitions. */
  dropPartitionsBefore(day: Date): Promise<string[]> {
    return this.#partitions.dropBefore(day.getTime());
  }
}

function inRange({ from, to }: TimeRange): SQL | undefined {
  return and(
    from === undefined ? undefined : gte(ledger.id, firstUuidAt(from.getTime())),
    to === undefined ? undefined : lt(ledger.id, firstUuidAt(to.getTime())),
  );
}

/** Null when all values are. */
function total(column: SQL): SQL<number | null> {
  return sql<number | null>`sum(${column})`.mapWith((value: unknown) => (value === null ? null : Number(value)));
}

/** PostgreSQL's text takes every character but this one, and a row that it refuses would hold up all others for ever. */
function toText(text: string | null): string | null {
  return text?.includes("\0") === true ? text.replaceAll("\0", "") : text;
}
