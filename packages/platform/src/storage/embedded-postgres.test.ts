import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { linkLibraries } from "./postgres-binaries.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const isRoot = process.getuid?.() === 0;
const started: EmbeddedPostgres[] = [];
let home: string;
let logged: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "bonfire-postgres-test-"));
  logged = [];
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

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

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(home, "postgres", "data", "postmaster.pid"), "utf8"), 10);
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

describe("the embedded PostgreSQL", () => {
  test("keeps the data, speaks only on a private socket, and stops twice", async () => {
    const first = await start();
    expect(await query(first, "create table kept as select 42 as answer")).toEqual([]);
    const settings = await query(
      first,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
         current_setting('TimeZone') as timezone, current_user as user, upper('é') as upper, 'Z' < 'a' as is_by_code_point`,
    );
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

  test("tells when the server dies, and starts again with every acknowledged row", async () => {
    const first = await start();
    await query(first, "create table rows as select generate_series(1, 1000) as id");
    process.kill(await postmasterPid(), "SIGKILL");
    // At once, while sessions of the dead server may still be there.
    const second = await start();
    expect((await first.exited).code).toBe(137);
    await first.stop();
    expect(await query(second, "select count(*)::int as count from rows")).toEqual([{ count: 1000 }]);
  });

  test.runIf(process.platform === "linux")("takes over a server whose shim was killed, also one that holds open sessions", async () => {
    const first = await start();
    await query(first, "create table rows as select generate_series(1, 1000) as id");
    const session = new pg.Client({ connectionString: first.databaseUrl });
    session.on("error", () => undefined);
    await session.connect();
    await session.query("begin");
    await session.query("insert into rows values (1001)");
    const orphan = await postmasterPid();
    const shim = await parentOf(orphan);
    expect(await readFile(`/proc/${shim}/cmdline`, "utf8")).toContain("shim.mjs");
    process.kill(shim, "SIGKILL");
    await vi.waitFor(async () => expect(await parentOf(orphan)).not.toBe(shim));

    const second = await start();
    expect(logged.join("\n")).toContain(`process ${orphan}`);
    expect(await postmasterPid()).not.toBe(orphan);
    expect(await query(second, "select count(*)::int as count from rows")).toEqual([{ count: 1000 }]);
  });

  test.runIf(process.platform === "linux")("stops even when its shim was killed", async () => {
    const server = await start();
    const postmaster = await postmasterPid();
    process.kill(await parentOf(postmaster), "SIGKILL");
    await server.stop();
    expect(() => process.kill(postmaster, 0)).toThrow("ESRCH");
  });

  test("spares a stranger that got the process id of the dead server", async () => {
    const first = await start();
    await query(first, "create table kept as select 42 as answer");
    const pidFile = join(home, "postgres", "data", "postmaster.pid");
    const socketLock = join(home, "postgres", "run", ".s.PGSQL.5432.lock");
    const [pidText, lockText] = await Promise.all([readFile(pidFile, "utf8"), readFile(socketLock, "utf8")]);
    await first.stop();
    const stranger: ChildProcess = spawn("sleep", ["60"], { stdio: "ignore" });
    try {
      await once(stranger, "spawn");
      await writeFile(pidFile, pidText.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 });
      await writeFile(socketLock, lockText.replace(/^\d+/, String(stranger.pid)), { mode: 0o600 });
      expect(await query(await start(), "select answer from kept")).toEqual([{ answer: 42 }]);
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      stranger.kill();
    }
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
    await expect(start()).rejects.toThrow(/DATABASE_URL[^]*no_such_setting/);
  });

  test.runIf(isRoot)("runs as the user that became root, where root's namespace cannot reach the folder", async () => {
    const alice = { uid: 1000, gid: 1000 };
    await chown(home, alice.uid, alice.gid);
    await chmod(home, 0o700);
    const server = await start(join(home, "postgres"), alice);
    expect((await stat(`/proc/${await postmasterPid()}`)).uid).toBe(alice.uid);
    expect((await stat(join(home, "postgres", "data"))).uid).toBe(alice.uid);
    await server.stop();
    // The owner of the data decides from now on.
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
    process.kill(await parentOf(await postmasterPid()), "SIGKILL");
    expect(await query(await start(), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test.runIf(isRoot)("says what to do where no user can reach the folder", async () => {
    await chown(home, 1000, 1000);
    await chmod(home, 0o700);
    await expect(start(join(home, "postgres"), { uid: 65534, gid: 65534 })).rejects.toThrow(/refuses to run as root.*DATABASE_URL/);
    expect((await stat(join(home, "postgres"))).uid).toBe(0);
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
