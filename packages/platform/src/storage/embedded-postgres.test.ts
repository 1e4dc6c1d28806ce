import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { linkLibraries } from "./postgres-binaries.ts";
import { killShimOf, postmasterOf } from "./testing/postgres-processes.ts";

/** Several real starts a test, on machines that are busy with other tests. */
const TIMEOUT_MS = 60_000;

const isRoot = process.getuid?.() === 0;
const started: EmbeddedPostgres[] = [];
let home: string;
let logged: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "bonfire-postgres-test-"));
  logged = [];
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}, TIMEOUT_MS);

async function start(directory = join(home, "postgres"), sudoUser?: { uid: number; gid: number }): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory, log: (line) => logged.push(line), sudoUser });
  started.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

describe("the embedded PostgreSQL", { timeout: TIMEOUT_MS }, () => {
  test("keeps the data, speaks only on a private socket, and stops twice", async () => {
    const first = await start();
    expect(await query(first, "create table kept as select 42 as answer")).toEqual([]);
    const settings = await query(
      first,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
         current_setting('TimeZone') as timezone, current_user as user, upper('é') as upper, 'Z' < 'a' as is_by_code_point`,
    );
    expect(logged.filter((line) => /error|fatal/i.test(line))).toEqual([]);
    expect(settings).toEqual([
      { addresses: "", fsync: "on", encoding: "UTF8", timezone: "UTC", user: "bonfire", upper: "É", is_by_code_point: true },
    ]);
    expect((await stat(join(home, "postgres", "run"))).mode & 0o777).toBe(0o700);
    await Promise.all([first.stop(), first.stop()]);
    await first.stop();
    await expect(query(first, "select")).rejects.toThrow();

    const second = await start();
    expect(await query(second, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(logged.join("\n")).not.toContain("not properly shut down");
  });

  test("repairs a first start that was ended in the middle", async () => {
    await mkdir(join(home, "postgres", "data.new-abc", "base"), { recursive: true });
    await writeFile(join(home, "postgres", "data.new-abc", "PG_VERSION"), "18\n");
    const server = await start();
    expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await readdir(join(home, "postgres"))).sort()).toEqual(["data", "run"]);

    // As after a start that ended between initdb and the creation of the database.
    const maintenance = new URL(server.databaseUrl.replace("@/bonfire", "@localhost/postgres"));
    const client = new pg.Client({ host: maintenance.searchParams.get("host") ?? "", port: 5432, user: "bonfire", database: "postgres" });
    await client.connect();
    await client.query("drop database bonfire");
    await client.end();
    await server.stop();
    expect(await query(await start(), "select current_database() as name")).toEqual([{ name: "bonfire" }]);
  });

  test("puts the socket elsewhere where the path is too long, and takes odd characters in it", async () => {
    const server = await start(join(home, 'päth, with % and "quotes"', "x".repeat(90), "postgres"));
    expect(server.databaseUrl).toContain(encodeURIComponent(tmpdir()).replaceAll("%2F", "/"));
    expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
    const socketDirectory = new URL(server.databaseUrl.replace("@/", "@localhost/")).searchParams.get("host") ?? "";
    await server.stop();

    await rm(socketDirectory, { recursive: true });
    await writeFile(socketDirectory, "somebody else's");
    await expect(start(join(home, 'päth, with % and "quotes"', "x".repeat(90), "postgres"))).rejects.toThrow("remove it");
    await rm(socketDirectory);

    const odd = await start(join(home, 'a, "b" %41 ü'));
    expect(odd.databaseUrl).toContain(encodeURIComponent('a, "b" %41 ü'));
    expect(await query(odd, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("quotes the server when it cannot start", async () => {
    await (await start()).stop();
    await writeFile(join(home, "postgres", "data", "postgresql.conf"), "no_such_setting = 1\n");
    await expect(start()).rejects.toThrow(/DATABASE_URL[\s\S]*no_such_setting/);
  });

  test.runIf(isRoot)("runs as the user that became root, where root's namespace cannot reach the folder", async () => {
    const alice = { uid: 1000, gid: 1000 };
    await chown(home, alice.uid, alice.gid);
    await chmod(home, 0o700);
    const server = await start(join(home, "postgres"), alice);
    expect((await stat(`/proc/${await postmasterOf(join(home, "postgres"))}`)).uid).toBe(alice.uid);
    expect((await stat(join(home, "postgres", "data"))).uid).toBe(alice.uid);
    await server.stop();
    // The owner of the data decides from now on.
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
    await killShimOf(await postmasterOf(join(home, "postgres")));
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test.runIf(isRoot)("runs as nobody, where neither root's namespace nor nobody can reach the folder", async () => {
    await chown(home, 1000, 1000);
    await chmod(home, 0o700);
    const server = await start(join(home, "postgres"), { uid: 65534, gid: 65534 });
    expect((await stat(`/proc/${await postmasterOf(join(home, "postgres"))}`)).uid).toBe(65534);
    await server.stop();
    await start();
    await killShimOf(await postmasterOf(join(home, "postgres")));
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("after a crash", { timeout: TIMEOUT_MS }, () => {
  let directory: string;
  let acknowledged = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "bonfire-postgres-test-"));
    const server = await start(directory);
    await query(server, "create table acknowledged (id serial)");
    await server.stop();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function acknowledge(server: EmbeddedPostgres): Promise<void> {
    await query(server, "insert into acknowledged select from generate_series(1, 1000)");
    acknowledged += 1000;
  }

  async function expectAcknowledged(server: EmbeddedPostgres): Promise<void> {
    expect(await query(server, "select count(*)::int as count from acknowledged")).toEqual([{ count: acknowledged }]);
  }

  test("of the server it tells, and starts again at once", async () => {
    const first = await start(directory);
    await acknowledge(first);
    process.kill(await postmasterOf(directory), "SIGKILL");
    // Sessions of the dead server may still be there.
    const second = await start(directory);
    expect((await first.exited).code).toBe(137);
    // Is about the first server only.
    await first.stop();
    await expectAcknowledged(second);
  });

  test("of the platform it waits for the server, which its shim is just ending", async () => {
    const first = await start(directory);
    await acknowledge(first);
    const dying = await postmasterOf(directory);
    process.kill(dying, "SIGINT");
    const second = await start(directory);
    expect(await postmasterOf(directory)).not.toBe(dying);
    await expectAcknowledged(second);
  });

  test.runIf(process.platform === "linux")(
    "of the shim as well as the platform it takes the server over, with its open sessions",
    async () => {
      const first = await start(directory);
      await acknowledge(first);
      const session = new pg.Client({ connectionString: first.databaseUrl });
      session.on("error", () => undefined);
      await session.connect();
      await session.query("begin");
      await session.query("insert into acknowledged default values");
      const orphan = await postmasterOf(directory);
      await killShimOf(orphan);

      const second = await start(directory);
      expect(logged.join("\n")).toContain(`process ${orphan}`);
      expect(await postmasterOf(directory)).not.toBe(orphan);
      await expectAcknowledged(second);
    },
  );

  test.runIf(process.platform === "linux")("of the shim alone it still stops", async () => {
    const server = await start(directory);
    const postmaster = await postmasterOf(directory);
    await killShimOf(postmaster);
    await server.stop();
    // Empty is the command line of a zombie.
    expect(await readFile(`/proc/${postmaster}/cmdline`, "utf8").catch(() => "")).toBe("");
  });

  test("it spares a stranger that has the process id of the dead server", async () => {
    const first = await start(directory);
    await acknowledge(first);
    const lockFiles = [join(directory, "data", "postmaster.pid"), join(directory, "run", ".s.PGSQL.5432.lock")];
    const locks = await Promise.all(lockFiles.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
    await first.stop();
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
    try {
      await once(stranger, "spawn");
      const { uid, gid } = await stat(join(directory, "data"));
      for (const { path, text } of locks) {
        await writeFile(path, text.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 });
        await chown(path, uid, gid);
      }
      await expectAcknowledged(await start(directory));
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      stranger.kill();
    }
  });
});

describe("the links between the libraries", () => {
  test("are made once, by several processes at a time, and then need no right to write", async () => {
    const library = join(home, "native", "lib");
    await mkdir(library, { recursive: true });
    await writeFile(join(library, "libpq.so.5.18"), "");
    const links = ["libpq.so", "libpq.so.5"].map((name) => ({ source: "native/lib/libpq.so.5.18", target: `native/lib/${name}` }));
    await writeFile(join(home, "native", "pg-symlinks.json"), JSON.stringify(links));
    await Promise.all([linkLibraries(home), linkLibraries(home), linkLibraries(home)]);
    expect(await readlink(join(library, "libpq.so.5"))).toBe("libpq.so.5.18");
    expect((await lstat(join(library, "libpq.so"))).isSymbolicLink()).toBe(true);

    await chmod(library, 0o500);
    await linkLibraries(home);
    await chmod(library, 0o700);
  });

  test("are none where the package lists none", async () => {
    await expect(linkLibraries(home)).resolves.toBeUndefined();
  });
});
