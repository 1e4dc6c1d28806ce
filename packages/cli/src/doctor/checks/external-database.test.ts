import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@bonfire/platform/storage/embedded-postgres";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";
import { type DatabaseFacts, judgeVersion } from "./external-database.ts";

let folder: string;
let server: EmbeddedPostgres;
let patient: Patient;
beforeAll(async () => {
  folder = await mkdtemp(join(await realpath(tmpdir()), "bf-external-"));
  server = await startEmbeddedPostgres({ directory: join(folder, "postgres"), log: () => undefined });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);
beforeEach(async () => {
  patient = await Patient.admit();
  patient.environment.DATABASE_URL = server.databaseUrl;
});
afterEach(() => patient.discharge());

async function query(sql: string, connectionString = server.databaseUrl): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql);
  await client.end();
}

const asUser = (user: string) => server.databaseUrl.replace(/\/\/[^@]*@/, `//${user}:secret@`);

test.each(["database", "database rights", "database schema", "database clock"])(
  "the check %s finds nothing wrong with a good one",
  async (name) => {
    expect(await patient.examine(name)).toMatchObject({ state: "ok" });
  },
);

test("without DATABASE_URL nothing is looked at", async () => {
  delete patient.environment.DATABASE_URL;
  expect(await patient.examine("database")).toMatchObject({ state: "skipped" });
});

test("with DATABASE_URL the embedded one is not looked at", async () => {
  expect(await patient.examine("database folder")).toMatchObject({ state: "skipped" });
});

test.each(["variable", "file"])("a database that is stopped, named in a %s, is left for Bonfire's own", async (place) => {
  const url = "postgresql://app:hunter2@127.0.0.1:1/bonfire";
  patient.environment.DATABASE_URL = url;
  if (place === "file") {
    delete patient.environment.DATABASE_URL;
    await patient.writeSettings(`database: {url: "${url}"}\n`);
  }
  expect(JSON.stringify(await patient.examine("database"))).not.toContain("hunter2");
  await patient.expectMended("database", { found: /127\.0\.0\.1 port 1 cannot be reached: .*ECONNREFUSED/, mended: "skipped" });
});

test("a server that stops is noticed", { timeout: 60_000 }, async () => {
  const other = await startEmbeddedPostgres({ directory: join(patient.folder, "other"), log: () => undefined });
  patient.environment.DATABASE_URL = other.databaseUrl;
  expect(await patient.examine("database")).toMatchObject({ state: "ok" });
  await other.stop();
  await patient.expectMended("database", { found: /cannot be reached/, mended: "skipped" });
});

test.each([0, 1000])("a user that may not make tables gets the right to, as user %i", async (uid) => {
  await query(`create role "app ${uid}" login`);
  await query("revoke all on schema public from public");
  patient.machine = { ...patient.machine, uid };
  patient.environment.DATABASE_URL = asUser(encodeURIComponent(`app ${uid}`));
  patient.environment.SUPERUSER_URL = server.databaseUrl;
  await patient.writeProgram("su", 'shift 2; exec sh -c "$1"');
  await patient.writeProgram("sudo", 'shift 2; exec "$@"');
  await patient.writeProgram(
    "psql",
    `test "$1 $2 $3" = "-d bonfire -c" || exit 1
exec '${process.execPath}' -e '
const { Client } = require("pg");
const client = new Client({ connectionString: process.env.SUPERUSER_URL });
client.connect().then(() => client.query(process.argv[1])).then(() => client.end());
' "$4"`,
  );
  await patient.expectMended("database rights", { found: /may not make tables in database bonfire/ });
});

test("a database that can only be read is left for Bonfire's own", async () => {
  await query("create role reader login; alter role reader set default_transaction_read_only = on");
  patient.environment.DATABASE_URL = asUser("reader");
  await patient.expectMended("database rights", { found: /can only be read/, mended: "skipped" });
});

test("a schema of a newer version needs the newer program", async () => {
  await query(`create schema drizzle;
    create table drizzle.__drizzle_migrations (id serial, hash text, created_at bigint);
    insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 9999999999999)`);
  const told = join(patient.folder, "told");
  await patient.writeProgram("git", `echo git "$@" >> '${told}'`);
  await patient.writeProgram("npm", `echo npm "$@" >> '${told}'`);
  const sick = await patient.examine("database schema");
  expect(sick).toMatchObject({ state: "failed", found: expect.stringContaining("newer version") });
  await patient.run("mend" in sick ? (sick.mend?.command ?? "") : "");
  expect(await readFile(told, "utf8")).toBe("git pull\nnpm run setup\n");
  await query("update drizzle.__drizzle_migrations set created_at = 1");
  expect(await patient.examine("database schema")).toMatchObject({ state: "ok" });
  await query("drop schema drizzle cascade");
});

test("clocks that differ are set by the network", async () => {
  const told = join(patient.folder, "told");
  await patient.writeProgram("timedatectl", `echo "$@" > '${told}'`);
  const { machine } = patient;
  patient.machine = { ...machine, uid: 0, now: () => Date.now() + 3_600_000 };
  const sick = await patient.examine("database clock");
  expect(sick).toMatchObject({ state: "warning", found: expect.stringMatching(/differ by (3599|3600) s/) });
  await patient.run("mend" in sick ? (sick.mend?.command ?? "") : "");
  expect(await readFile(told, "utf8")).toBe("set-ntp true\n");
  patient.machine = machine;
  expect(await patient.examine("database clock")).toMatchObject({ state: "ok" });
});

test.each([
  [130_010, "failed"],
  [139_999, "failed"],
  [140_000, "ok"],
  [180_004, "ok"],
])("server version %i is %s", async (version, state) => {
  const facts: DatabaseFacts = {
    version,
    version_name: "x",
    user_name: "app",
    database: "bonfire",
    may_create_schema: true,
    may_create_tables: true,
    is_read_only: false,
    now_ms: 0,
    has_schema: false,
  };
  expect(judgeVersion(facts, "unset DATABASE_URL")).toMatchObject({ state });
});
