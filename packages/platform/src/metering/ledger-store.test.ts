import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../storage/database.ts";
import { LedgerStore } from "./ledger-store.ts";
import { type LedgerDatabase, startLedgerDatabase } from "./testing/ledger-database.ts";
import { attemptIdAt, sampleRow } from "./testing/sample-attempts.ts";

describe("the ledger in a database", () => {
  let database: LedgerDatabase;
  let store: LedgerStore;
  beforeAll(async () => {
    database = await startLedgerDatabase();
    store = database.store;
  }, 60_000);
  beforeEach(() => database.empty());
  afterAll(() => database.close());

  const partitions = async (): Promise<string[]> => {
    const { rows } = await database.database.execute<{ name: string }>(
      sql`select relid::regclass::text as name from pg_partition_tree('ledger') where level = 1 order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  it("gives back each row as it was written", async () => {
    const rows = [
      sampleRow(),
      sampleRow({
        keyId: null,
        errorCode: "interrupted",
        outcome: "failed",
        completionTokens: 0,
        reasoningTokens: Number.MAX_SAFE_INTEGER,
      }),
      sampleRow({ model: 'quotes "and" commas, {braces}, \\ and 火', streamed: false, durationMs: null }),
      ...(["retry", "fallback", "hedge"] as const).map((cause, index) => sampleRow({ cause, attempt: index + 2, queuedMs: null })),
      sampleRow({ deployment: "cache", queuedMs: 0, usageSource: "cache" }),
    ];
    await store.insert(rows);
    expect((await store.list({ limit: 10 })).rows).toEqual(rows.toReversed());
  });

  it("sums attempts up, whatever they were made for", async () => {
    const rows = (["first", "retry", "fallback", "hedge"] as const).map((cause) => sampleRow({ cause, deployment: `up/${cause}` }));
    await store.insert(rows);
    const sum = (name: "uncachedPromptTokens" | "cachedPromptTokens" | "completionTokens") =>
      rows.reduce((total, row) => total + (row[name] ?? 0), 0);
    expect(await store.sumTokens()).toMatchObject([
      {
        attempts: 4,
        uncachedPromptTokens: sum("uncachedPromptTokens"),
        cachedPromptTokens: sum("cachedPromptTokens"),
        completionTokens: sum("completionTokens"),
      },
    ]);
  });

  it("takes every text, so that no row holds up the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), async (model, errorCode) => {
        await store.insert([sampleRow({ model, errorCode })]);
      }),
      { numRuns: 50 },
    );
    expect(await store.count()).toBe(50);
  });

  it("inserts a row once, however often it comes; the first version stays", async () => {
    const row = sampleRow();
    await store.insert([row, row]);
    await store.insert([{ ...row, outcome: "interrupted" }, sampleRow()]);
    expect(await store.count()).toBe(2);
    expect((await store.list({ limit: 2 })).rows[1]).toEqual(row);
  });

  it("keeps each UTC day in a partition of its own, made when its first row comes", async () => {
    await store.insert([
      sampleRow({ id: attemptIdAt("2025-03-01T23:59:59.999Z") }),
      sampleRow({ id: attemptIdAt("2025-03-02T00:00:00.000Z") }),
      sampleRow({ id: attemptIdAt("2025-03-02T23:59:59.999Z") }),
    ]);
    const { rows } = await database.database.execute<{ partition: string; rows: number }>(
      sql`select tableoid::regclass::text as partition, count(*)::int as rows from ledger group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { partition: "ledger_2025_03_01", rows: 1 },
      { partition: "ledger_2025_03_02", rows: 2 },
    ]);
  });

  it("makes a partition once when several gateways need it at the same time", async () => {
    const others = await Promise.all([1, 2, 3, 4].map(() => openDatabase(database.databaseUrl, () => undefined)));
    const stores = others.map((other) => new LedgerStore(other.database));
    for (const day of ["2025-05-01", "2025-05-02", "2025-05-03"]) {
      await Promise.all(stores.map((each, serial) => each.insert([sampleRow({ id: attemptIdAt(`${day}T12:00:00Z`, serial) })])));
    }
    expect(await store.count()).toBe(12);
    expect((await partitions()).filter((name) => name.startsWith("ledger_2025_05"))).toHaveLength(3);
    await Promise.all(others.map((other) => other.close()));
  });

  it("drops whole days, and makes a day again when a late row comes", async () => {
    const late = sampleRow({ id: attemptIdAt("2025-01-01T10:00:00Z") });
    await store.insert([
      late,
      sampleRow({ id: attemptIdAt("2025-01-02T10:00:00Z") }),
      sampleRow({ id: attemptIdAt("2025-01-03T00:00:00Z") }),
    ]);
    const dropped = await store.dropPartitionsBefore(new Date("2025-01-03T15:00:00Z"));
    expect(dropped).toEqual(["ledger_2025_01_01", "ledger_2025_01_02"]);
    expect((await store.list({ limit: 9 })).rows.map(({ id }) => id)).toEqual([attemptIdAt("2025-01-03T00:00:00Z")]);
    await store.insert([late]);
    expect(await store.count()).toBe(2);
  });

  it("takes rows again after another gateway dropped their day", async () => {
    const other = new LedgerStore(database.database);
    const row = sampleRow({ id: attemptIdAt("2025-02-01T10:00:00Z") });
    await store.insert([row]);
    await other.dropPartitionsBefore(new Date("2025-02-02"));
    await expect(store.insert([row])).rejects.toThrow();
    await store.insert([row]);
    expect(await store.count()).toBe(1);
  });

  it("counts the rows of a range of time, its end left out", async () => {
    for (const hour of ["10", "11", "12"]) await store.insert([sampleRow({ id: attemptIdAt(`2025-04-01T${hour}:00:00Z`) })]);
    expect(await store.count({ from: new Date("2025-04-01T11:00:00Z") })).toBe(2);
    expect(await store.count({ from: new Date("2025-04-01T10:00:00Z"), to: new Date("2025-04-01T12:00:00Z") })).toBe(2);
    expect(await store.count({ to: new Date("2025-04-01T10:00:00Z") })).toBe(0);
  });

  it("sums tokens by model and outcome; what no attempt knows stays unknown", async () => {
    const unknown = { outcome: "interrupted", uncachedPromptTokens: null, cachedPromptTokens: null, completionTokens: null } as const;
    await store.insert([
      sampleRow({ model: "a", uncachedPromptTokens: 5, completionTokens: 1, cachedPromptTokens: null }),
      sampleRow({ model: "a", uncachedPromptTokens: 6, completionTokens: 2, cachedPromptTokens: 3 }),
      sampleRow({ model: "a", ...unknown }),
      sampleRow({ model: "b", uncachedPromptTokens: 2 ** 40 }),
    ]);
    const common = { reasoningTokens: null };
    expect(await store.sumTokens()).toEqual([
      { model: "a", attempts: 1, ...unknown, ...common },
      { model: "a", outcome: "succeeded", attempts: 2, uncachedPromptTokens: 11, cachedPromptTokens: 3, completionTokens: 3, ...common },
      {
        model: "b",
        outcome: "succeeded",
        attempts: 1,
        uncachedPromptTokens: 2 ** 40,
        cachedPromptTokens: 10,
        completionTokens: 7,
        ...common,
      },
    ]);
  });

  it("lists newest first, a page at a time", async () => {
    const rows = Array.from({ length: 5 }, (_, serial) => sampleRow({ id: attemptIdAt("2025-06-01T10:00:00Z", serial) }));
    await store.insert(rows);
    const first = await store.list({ limit: 3 });
    expect(first).toEqual({ rows: rows.toReversed().slice(0, 3), hasMore: true });
    const before = first.rows.at(-1)?.id ?? "";
    expect(await store.list({ limit: 3, before })).toEqual({ rows: rows.toReversed().slice(3), hasMore: false });
  });
});
