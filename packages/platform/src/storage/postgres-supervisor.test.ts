import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { connectDatabase, type DatabaseConnection, openDatabase } from "./database.ts";
import { type PostgresState, supervisePostgres } from "./postgres-supervisor.ts";
import { isRunning, killShimOf, postmasterOf } from "./testing/postgres-processes.ts";
import { inTransaction } from "./transaction.ts";

/** Several real starts a test, on machines that are busy with other tests. */
const TIMEOUT_MS = 60_000;
const BACK_MS = 30_000;

type Supervised = Awaited<ReturnType<typeof supervisePostgres>>;

let directory: string;
let postgres: Supervised;
let connection: DatabaseConnection;
let states: PostgresState[] = [];
/** Rows that the database said it had committed. */
let acknowledged = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bonfire-supervised-"));
  await supervise();
  await execute("create table acknowledged (id serial)");
}, TIMEOUT_MS);

afterAll(async () => {
  await connection.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}, TIMEOUT_MS);

beforeEach(() => {
  states = [];
});

async function supervise(retryDelay: (failures: number) => number = () => 1): Promise<void> {
  postgres = await supervisePostgres({ directory, log: () => undefined, onState: (state) => states.push(state), retryDelay });
  connection = connectDatabase({ url: postgres.databaseUrl, name: "the database", onState: () => undefined });
  await connection.ready;
}

async function execute(query: string): Promise<unknown> {
  return (await connection.database.execute(sql.raw(query))).rows;
}

async function acknowledge(): Promise<void> {
  await execute("insert into acknowledged select from generate_series(1, 1000)");
  acknowledged += 1_000;
}

/** The failures between the kill and the answer, while nobody but the pool itself mends the connections. */
async function untilItAnswers(): Promise<unknown[]> {
  const failures: unknown[] = [];
  await until(
    () =>
      execute("select").then(
        () => true,
        (error: unknown) => {
          failures.push(error);
          return false;
        },
      ),
    BACK_MS,
  );
  return failures;
}

async function expectAcknowledged(): Promise<void> {
  expect(await execute("select count(*)::int as count from acknowledged")).toEqual([{ count: acknowledged }]);
}

describe("the embedded PostgreSQL under supervision", { timeout: TIMEOUT_MS }, () => {
  it("is there again after its postmaster is killed, with every row that it acknowledged", async () => {
    await acknowledge();
    const url = postgres.databaseUrl;
    process.kill(await postmasterOf(directory), "SIGKILL");
    await until(() => states.length > 0);
    expect(postgres.state()).toMatchObject({ status: "down", reason: "it ended with status 137" });
    await expect(execute("select")).rejects.toThrow(expect.objectContaining({ cause: expect.any(Error) }));
    await untilItAnswers();
    await expectAcknowledged();
    await until(() => postgres.state().status === "up");
    expect(states.map(({ status }) => status)).toEqual(["down", "up"]);
    expect(postgres.databaseUrl).toBe(url);
  });

  it("is started anew when its shim is killed alone, and the old server is gone", async () => {
    await acknowledge();
    const orphan = await postmasterOf(directory);
    await killShimOf(orphan);
    await until(() => states.some(({ status }) => status === "up"), BACK_MS);
    expect(await postmasterOf(directory)).not.toBe(orphan);
    expect(await isRunning(orphan)).toBe(false);
    await untilItAnswers();
    await expectAcknowledged();
  });

  it("mends itself after a backend is killed in the middle of a transaction, which is not committed", async () => {
    await acknowledge();
    const broken = inTransaction(connection.database, async (transaction) => {
      await transaction.execute(sql`insert into acknowledged default values`);
      const { rows } = await transaction.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
      process.kill(rows[0]?.pid ?? 0, "SIGKILL");
      await transaction.execute(sql`insert into acknowledged default values`);
    });
    await expect(broken).rejects.toThrow();
    await untilItAnswers();
    await expectAcknowledged();
  });

  it("may die between two statements of a transaction, which fails then and ends nothing else", async () => {
    const broken = inTransaction(connection.database, async (transaction) => {
      await transaction.execute(sql`insert into acknowledged default values`);
      process.kill(await postmasterOf(directory), "SIGKILL");
      await until(() => states.some(({ status }) => status === "up"), BACK_MS);
      await transaction.execute(sql`insert into acknowledged default values`);
    });
    await expect(broken).rejects.toThrow();
    await untilItAnswers();
    await expectAcknowledged();
  });

  it("loses no connection on which a transaction could not even begin", async () => {
    const own = await openDatabase(postgres.databaseUrl, () => undefined);
    const { rows } = await own.database.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    // It ends this one connection, where SIGKILL would make the server end all others too, in the middle of the next test.
    process.kill(rows[0]?.pid ?? 0, "SIGTERM");
    // Before anybody has noticed.
    await expect(inTransaction(own.database, async () => undefined)).rejects.toThrow();
    expect(own.database.$client.totalCount).toBe(own.database.$client.idleCount);
    await own.close();
  });

  it("survives ten kills in a row", async () => {
    await acknowledge();
    for (let kills = 1; kills <= 10; kills++) {
      process.kill(await postmasterOf(directory), "SIGKILL");
      await until(() => states.filter(({ status }) => status === "up").length === kills, BACK_MS);
    }
    await untilItAnswers();
    await expectAcknowledged();
  });

  it("goes on being tried when its starts fail, says why once, and tells how long it has been away", async () => {
    const starts: number[] = [];
    await connection.close();
    await postgres.stop();
    await supervise((failures) => starts.push(failures));
    await writeFile(join(directory, "data", "postgresql.conf"), "no_such_setting = 1\n");
    process.kill(await postmasterOf(directory), "SIGKILL");
    await until(() => starts.length >= 4, BACK_MS);
    const [first, second, ...more] = states;
    expect(first).toMatchObject({ status: "down", reason: "it ended with status 137" });
    expect(second).toMatchObject({ status: "down", since: first?.since, reason: expect.stringContaining("no_such_setting") });
    expect(more).toEqual([]);
    expect(starts.slice(0, 4)).toEqual([1, 2, 3, 4]);
    await writeFile(join(directory, "data", "postgresql.conf"), "");
    await untilItAnswers();
    await expectAcknowledged();
  });
});

describe("stopping the supervised PostgreSQL", { timeout: TIMEOUT_MS }, () => {
  afterEach(async () => {
    await connection.close();
    await supervise();
    await expectAcknowledged();
  }, TIMEOUT_MS);

  it.each([
    ["while it runs", async () => undefined],
    ["right after its postmaster was killed", async () => void process.kill(await postmasterOf(directory), "SIGKILL")],
    [
      "while it is being started again",
      async () => {
        process.kill(await postmasterOf(directory), "SIGKILL");
        await until(() => states.some(({ status }) => status === "down"));
      },
    ],
    ["after its shim was killed alone", async () => killShimOf(await postmasterOf(directory))],
  ])("%s leaves nothing behind", async (_, act) => {
    const postmaster = await postmasterOf(directory);
    await act();
    await Promise.all([postgres.stop(), postgres.stop()]);
    expect(await isRunning(postmaster)).toBe(false);
    const now = await postmasterOf(directory).catch(() => undefined);
    if (now !== undefined) expect(await isRunning(now)).toBe(false);
    const client = new pg.Client({ connectionString: postgres.databaseUrl });
    await expect(client.connect()).rejects.toThrow();
  });
});
