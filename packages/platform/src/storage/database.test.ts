import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { connectDatabase, type DatabaseConnection, DatabaseUnavailableError, openDatabase } from "./database.ts";
import type { DatabaseState } from "./database-watch.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { raiseVersion } from "./snapshot-version.ts";
import { startFreezableProxy } from "./testing/freezable-proxy.ts";

const TIMEOUT_MS = 60_000;

let directory: string;
let postgres: EmbeddedPostgres;
let states: DatabaseState[] = [];
const connections: DatabaseConnection[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bonfire-database-"));
  await startServer();
}, TIMEOUT_MS);

afterAll(async () => {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}, TIMEOUT_MS);

beforeEach(() => {
  states = [];
});

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
}, TIMEOUT_MS);

async function startServer(): Promise<void> {
  postgres = await startEmbeddedPostgres({ directory, log: () => undefined });
}

function connect(url = postgres.databaseUrl): DatabaseConnection {
  const connection = connectDatabase({ url, name: "the database of DATABASE_URL", onState: (state) => states.push(state) });
  connections.push(connection);
  return connection;
}

const answer = (connection: DatabaseConnection) => connection.database.execute(sql`select 1 as one`);

/** The query that failed wraps what was wrong. */
async function failureOf(connection: DatabaseConnection): Promise<unknown> {
  return answer(connection).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.cause : error),
  );
}

async function withFutureMigration(work: () => Promise<void>): Promise<void> {
  const connection = connect();
  await connection.ready;
  await connection.database.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 99999999999999)`);
  try {
    await work();
  } finally {
    await connection.database.execute(sql`delete from drizzle.__drizzle_migrations where hash = 'future'`);
  }
}

describe("a database that is away", { timeout: TIMEOUT_MS }, () => {
  it("fails queries at once, with its place and without its password, until it is there", async () => {
    await postgres.stop();
    const connection = connect(postgres.databaseUrl.replace("bonfire@", "bonfire:hunter2@"));
    await connection.tried;
    expect(connection.state().status).toBe("down");
    const failure = await failureOf(connection);
    expect(failure).toBeInstanceOf(DatabaseUnavailableError);
    expect(String(failure)).toMatch(/The database of DATABASE_URL \(.*:5432\/bonfire\) cannot be reached: connect ENOENT/);
    expect(JSON.stringify([String(failure), states, connection.target])).not.toContain("hunter2");

    await startServer();
    await connection.ready;
    expect((await answer(connection)).rows).toEqual([{ one: 1 }]);
    expect(connection.state().status).toBe("up");
  });

  it("is one outage however often it is tried, and is told anew only for another reason", async () => {
    let tries = 0;
    const server = createServer((socket) => {
      tries++;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    connect(`postgresql://bonfire@127.0.0.1:${port}/bonfire?sslmode=disable`);
    await until(() => tries >= 4);
    expect(states).toHaveLength(1);
    server.close();
    await until(() => states.length > 1);
    expect(new Set(states.map(({ since }) => since)).size).toBe(1);
  });

  it("is found again after it was there, migrations included", async () => {
    const connection = connect();
    await connection.ready;
    await postgres.stop();
    await until(() => connection.state().status === "down");
    expect(await failureOf(connection)).toMatchObject({ code: "ENOENT" });
    await startServer();
    await until(() => connection.state().status === "up");
    expect((await answer(connection)).rows).toEqual([{ one: 1 }]);
    expect([states[0]?.status, states.at(-1)?.status]).toEqual(["up", "up"]);
  });

  it("ends a start that needs it", async () => {
    await expect(openDatabase("postgresql://user:hunter2@127.0.0.1:1/none", () => undefined)).rejects.toThrow(
      /^The database \(127.0.0.1:1\/none\) cannot be reached: connect ECONNREFUSED 127.0.0.1:1$/,
    );
  });

  it("is told from a DATABASE_URL that cannot be read, which is not quoted", async () => {
    expect(() => connect("postgresql://user:hunter2@[/none")).toThrow(/^DATABASE_URL is not a URL that can be read. Percent-encode[^"]*$/);
  });
});

describe("a database behind a dead network", { timeout: TIMEOUT_MS }, () => {
  it("that accepts and never answers counts as away", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const connection = connect(`postgresql://bonfire@127.0.0.1:${port}/bonfire?sslmode=disable`);
    await connection.tried;
    expect(connection.state().status).toBe("down");
    expect(await failureOf(connection)).toBeInstanceOf(DatabaseUnavailableError);
    await connections.pop()?.close();
    server.close();
  });

  it("fails queries and transactions on open connections within seconds, and works again when the network does", async () => {
    const proxy = await startFreezableProxy(postgres.databaseUrl);
    try {
      const connection = connect(`postgresql://bonfire@127.0.0.1:${proxy.port}/bonfire?sslmode=disable`);
      await connection.ready;
      await answer(connection);
      const frozenAt = performance.now();
      const transaction = connection.database.transaction(async (open) => {
        await open.execute(sql`select`);
        proxy.freeze();
        await open.execute(sql`select`);
      });
      await expect(transaction).rejects.toThrow();
      expect(String(await failureOf(connection))).toMatch(/timeout|not answered/);
      // Six seconds of silence, three for a new connection.
      expect(performance.now() - frozenAt).toBeLessThan(15_000);
      await until(() => connection.state().status === "down", 20_000);

      proxy.thaw();
      await until(() => connection.state().status === "up");
      expect((await answer(connection)).rows).toEqual([{ one: 1 }]);
    } finally {
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
      await proxy.close();
    }
  });

  it("is not waited for when the platform stops", async () => {
    const proxy = await startFreezableProxy(postgres.databaseUrl);
    const connection = connect(`postgresql://bonfire@127.0.0.1:${proxy.port}/bonfire?sslmode=disable`);
    await connection.ready;
    await answer(connection);
    proxy.freeze();
    await connections.pop()?.close();
    await proxy.close();
  });
});

describe("a statement that runs for long", { timeout: TIMEOUT_MS }, () => {
  it("is ended by the server, with the reason", async () => {
    const connection = connect();
    await connection.ready;
    const sleep = connection.database.execute(sql`select pg_sleep(60)`);
    await expect(sleep).rejects.toMatchObject({ cause: { message: "canceling statement due to statement timeout" } });
  });
});

describe("a schema that is newer than the program", { timeout: TIMEOUT_MS }, () => {
  it("ends the start", async () => {
    await withFutureMigration(async () => {
      await expect(openDatabase(postgres.databaseUrl, () => undefined)).rejects.toThrow(/^The database was written by a newer version/);
    });
  });

  it("that comes to light late keeps the database from being used, for good, and says why", async () => {
    await withFutureMigration(async () => {
      await postgres.stop();
      const connection = connect();
      await connection.tried;
      expect(connection.state().status).toBe("down");
      await startServer();
      await until(() => connection.state().status === "refused");
      expect(String(await failureOf(connection))).toContain("is not used: The database was written by a newer version");
      await connections.pop()?.close();
      await until(() => connections[0]?.state().status === "up");
    });
  });
});

describe("who listens for changes", { timeout: TIMEOUT_MS }, () => {
  it("hears of those that others commit, and of none that are rolled back", async () => {
    const [listening, changing] = [connect(), connect()];
    await Promise.all([listening.ready, changing.ready]);
    let heard = 0;
    const stop = listening.onChange("keys", () => heard++);
    await until(() => listening.state().status === "up");
    heard = 0;
    const rolledBack = changing.database.transaction(async (transaction) => {
      await raiseVersion(transaction, "keys");
      transaction.rollback();
    });
    await expect(rolledBack).rejects.toThrow();
    await changing.database.transaction((transaction) => raiseVersion(transaction, "keys"));
    await until(() => heard > 0);
    expect(heard).toBe(1);
    stop();
  });

  it("hears when changes may have been missed", async () => {
    const connection = connect();
    await connection.ready;
    await until(() => connection.state().status === "up");
    let heard = 0;
    connection.onChange("keys", () => heard++);
    await connection.database.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen bonfire' and pid <> pg_backend_pid()`,
    );
    await until(() => heard > 0);
    expect(connection.state().status).toBe("up");
  });
});
