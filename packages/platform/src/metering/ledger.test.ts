import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import type { LedgerRow } from "./attempt.ts";
import { Ledger, LedgerUnavailableError } from "./ledger.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { type LedgerDatabase, startLedgerDatabase } from "./testing/ledger-database.ts";
import { FACTS, SUCCEEDED } from "./testing/sample-attempts.ts";

describe("the ledger", () => {
  let database: LedgerDatabase;
  let directory: string;
  let seen: LedgerRow[];
  let messages: string[];
  let failures: Error[];
  beforeAll(async () => {
    database = await startLedgerDatabase();
  }, 60_000);
  beforeEach(async () => {
    await database.empty();
    directory = mkdtempSync(join(tmpdir(), "bonfire-ledger-file-"));
    seen = [];
    messages = [];
    failures = [];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  afterAll(() => database.close());

  type Sizes = NonNullable<ConstructorParameters<typeof Ledger>[0]["sizes"]>;
  const startLedger = async (sizes: Sizes = {}, store: Pick<LedgerStore, "insert"> = database.store): Promise<Ledger> => {
    const ledger = new Ledger({
      directory,
      store,
      onRow: (row) => seen.push(row),
      onFailure: (error) => {
        failures.push(error);
        messages.push(error.message);
      },
      onRecovery: () => messages.push("back"),
      sizes: { batchMs: 20, ...sizes },
    });
    await ledger.start();
    return ledger;
  };
  const makeAttempts = (ledger: Ledger, count: number) => {
    for (let made = 0; made < count; made += 1) ledger.begin(FACTS).end(SUCCEEDED);
  };
  const rows = async () => (await database.store.list({ limit: 10_000 })).rows;

  it("brings each attempt into the database soon after its end, with its own id", async () => {
    const ledger = await startLedger();
    const attempt = ledger.begin(FACTS);
    attempt.end(SUCCEEDED);
    await until(async () => (await database.store.count()) === 1);
    expect(await rows()).toEqual([{ id: attempt.id, ...FACTS, ...SUCCEEDED }]);
    await until(() => ledger.rowsWaiting === 0);
    await ledger.stop(1_000);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("counts the first end of an attempt and no other", async () => {
    const ledger = await startLedger();
    const attempt = ledger.begin(FACTS);
    attempt.end(SUCCEEDED);
    attempt.end({ ...SUCCEEDED, outcome: "cancelled" });
    await ledger.stop(5_000);
    expect((await rows()).map(({ outcome }) => outcome)).toEqual(["succeeded"]);
    expect(seen).toHaveLength(1);
  });

  it("takes numbers that are no counts for unknown", async () => {
    const ledger = await startLedger();
    ledger.begin(FACTS).end({ ...SUCCEEDED, completionTokens: Number.NaN, durationMs: 1.6, firstTokenMs: -3, cachedPromptTokens: 1e300 });
    await ledger.stop(5_000);
    expect((await rows())[0]).toMatchObject({ completionTokens: null, durationMs: 2, firstTokenMs: null, cachedPromptTokens: null });
  });

  it("shows what runs, what waits and how much is written", async () => {
    const ledger = await startLedger({ batchMs: 60_000 });
    const attempt = ledger.begin(FACTS);
    expect([ledger.runningAttempts, ledger.rowsWaiting]).toEqual([1, 0]);
    attempt.end(SUCCEEDED);
    expect([ledger.runningAttempts, ledger.rowsWaiting]).toEqual([0, 1]);
    expect(ledger.writeAheadBytes).toBeGreaterThan(400);
    await ledger.stop(5_000);
    expect(ledger.rowsWaiting).toBe(0);
  });

  it("does not wait when a batch is full", async () => {
    const ledger = await startLedger({ batchMs: 60_000, batchRows: 10 });
    makeAttempts(ledger, 10);
    await until(async () => (await database.store.count()) === 10);
    await ledger.stop(1_000);
  });

  it("takes no attempts before its start and after its stop", async () => {
    const ledger = await startLedger();
    const late = ledger.begin(FACTS);
    await ledger.stop(1_000);
    expect(() => ledger.begin(FACTS)).toThrow(LedgerUnavailableError);
    late.end(SUCCEEDED);
    expect(seen).toEqual([]);
    const next = await startLedger();
    expect((await rows()).map(({ id, outcome }) => [id, outcome])).toEqual([[late.id, "interrupted"]]);
    expect(seen.map(({ id }) => id)).toEqual([late.id]);
    await next.stop(1_000);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("keeps the rows while the database is away, says so once, and says once that it is back", async () => {
    const ledger = await startLedger();
    const running = ledger.begin(FACTS);
    await database.goAway();
    makeAttempts(ledger, 30);
    await until(() => messages.length > 0);
    makeAttempts(ledger, 30);
    running.end(SUCCEEDED);
    expect(ledger.rowsWaiting).toBe(61);
    await database.comeBack();
    await until(() => ledger.rowsWaiting === 0);
    expect(await database.store.count()).toBe(61);
    expect(messages).toEqual(["The ledger's rows wait: they could not be inserted.", "back"]);
    expect(seen).toHaveLength(61);
    // The cause is that of the connection, without the rows of the statement.
    expect(inspect(failures[0])).not.toContain(FACTS.requestId);
    await ledger.stop(1_000);
  }, 30_000);

  it("holds a bounded number of rows in memory and reads the others from its file; what runs is not taken for interrupted", async () => {
    const ledger = await startLedger({ mostRowsInMemory: 20, segmentBytes: 10_000, batchRows: 7 });
    const running = [1, 2, 3].map(() => ledger.begin(FACTS));
    await database.goAway();
    makeAttempts(ledger, 150);
    running.pop()?.end(SUCCEEDED);
    expect(ledger.rowsWaiting).toBe(151);
    expect(readdirSync(directory).length).toBeGreaterThan(5);
    await database.comeBack();
    await until(() => ledger.rowsWaiting === 0);
    const stored = await rows();
    expect(stored).toHaveLength(151);
    expect(new Set(stored.map(({ outcome }) => outcome))).toEqual(new Set(["succeeded"]));
    expect(stored.map(({ id }) => id).sort()).toEqual(seen.map(({ id }) => id).sort());
    expect(readdirSync(directory)).toHaveLength(1);
    for (const attempt of running) attempt.end(SUCCEEDED);
    await ledger.stop(5_000);
    expect(await database.store.count()).toBe(153);
    expect(readdirSync(directory)).toEqual([]);
  }, 30_000);

  it("leaves to the next start what the database does not take before the deadline of the stop", async () => {
    const ledger = await startLedger();
    await database.goAway();
    makeAttempts(ledger, 5);
    await ledger.stop(100);
    await database.comeBack();
    const next = await startLedger();
    expect(await database.store.count()).toBe(5);
    expect(new Set((await rows()).map(({ outcome }) => outcome))).toEqual(new Set(["succeeded"]));
    // They were seen when they ended.
    expect(seen).toHaveLength(5);
    await next.stop(1_000);
  }, 30_000);

  it("starts without the database, and recovers when it is there", async () => {
    const dead = await startLedger({ batchMs: 60_000 });
    makeAttempts(dead, 4);
    dead.begin(FACTS);
    await database.goAway();
    // The first one is given up as a death would: it is never stopped.
    const ledger = await startLedger();
    makeAttempts(ledger, 2);
    await database.comeBack();
    await until(() => ledger.rowsWaiting === 0);
    expect((await rows()).filter(({ outcome }) => outcome === "interrupted")).toHaveLength(1);
    expect(await database.store.count()).toBe(7);
    await ledger.stop(1_000);
  }, 30_000);

  it("goes on with a recovery in the middle of which the database went away", async () => {
    const dead = await startLedger({ batchMs: 60_000, segmentBytes: 2_000 });
    makeAttempts(dead, 40);
    dead.begin(FACTS);
    let inserts = 0;
    const failing = {
      insert: (rows: readonly LedgerRow[]) => {
        inserts += 1;
        return inserts === 5 ? Promise.reject(new Error("gone")) : database.store.insert(rows);
      },
    };
    const ledger = await startLedger({}, failing);
    await until(() => messages.includes("back"));
    expect(messages).toEqual(["The ledger's rows wait: they could not be inserted.", "back"]);
    expect(await database.store.count()).toBe(41);
    await ledger.stop(1_000);
    expect(readdirSync(directory)).toEqual([]);
  });
});
