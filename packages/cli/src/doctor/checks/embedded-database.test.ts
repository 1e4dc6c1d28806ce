import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@bonfire/platform/storage/embedded-postgres";
import { findPostgresBinaries } from "@bonfire/platform/storage/postgres-binaries";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../../../platform/src/engine/testing/until.ts";
import { isRoot, Patient } from "../testing/patient.ts";
import { embeddedDatabaseChecks } from "./embedded-database.ts";

let patient: Patient;
let data: string;
beforeEach(async () => {
  patient = await Patient.admit();
  data = join(patient.home, "postgres", "data");
});
afterEach(() => patient.discharge());

async function writeData(version: string): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  await writeFile(join(data, "PG_VERSION"), `${version}\n`);
}

test("the programs run, and data need not be there", async () => {
  expect(await patient.examine("database programs")).toMatchObject({ state: "ok", found: expect.stringMatching(/^PostgreSQL \d/) });
  expect(await patient.examine("database folder")).toMatchObject({ state: "ok" });
});

test("programs without their libraries are installed anew", async () => {
  const { postgres } = await findPostgresBinaries();
  const copy = join(patient.folder, "native", "bin", "postgres");
  await mkdir(dirname(copy), { recursive: true });
  await copyFile(postgres, copy);
  await patient.writeProgram(
    "npm",
    `test "$*" = "ci --include=optional" && ln -s '${join(dirname(dirname(postgres)), "lib")}' '${patient.folder}/native/lib'`,
  );
  const [programs] = embeddedDatabaseChecks(async () => copy);
  if (programs === undefined) throw new Error("There is no check of the programs.");
  await patient.expectMended(programs, { found: /lib/ });
});

test("programs that npm did not install are installed", async () => {
  const [programs] = embeddedDatabaseChecks(async () => {
    throw new Error("The embedded PostgreSQL is not installed");
  });
  if (programs === undefined) throw new Error("There is no check of the programs.");
  expect(await patient.examine(programs)).toMatchObject({ state: "failed", mend: { command: "npm ci --include=optional" } });
});

test("data of another version is kept aside", async () => {
  await writeData("13");
  await patient.expectMended("database folder", { found: /written by PostgreSQL 13, this is \d/ });
});

test("data that is not complete is kept aside", async () => {
  await mkdir(join(data, "base"), { recursive: true, mode: 0o700 });
  await patient.expectMended("database folder", { found: /no complete database/ });
});

test("data that others may read is closed", async () => {
  await writeData(await majorVersion());
  await chmod(data, 0o755);
  await patient.expectMended("database folder", { found: /open to other users/ });
});

test.runIf(isRoot)("data of another user is given to this one", async () => {
  await writeData(await majorVersion());
  patient.machine = { ...patient.machine, uid: 1000 };
  await patient.writeProgram("sudo", 'exec "$@"');
  await patient.expectMended("database folder", { found: /belongs to user 0, this is user 1000/ });
});

test("a PostgreSQL that an earlier run left is ended", { timeout: 60_000 }, async () => {
  const postgres: EmbeddedPostgres = await startEmbeddedPostgres({ directory: join(patient.home, "postgres"), log: () => undefined });
  try {
    const left = await patient.examine("database process");
    expect(left).toMatchObject({ state: "warning", found: expect.stringContaining("still uses") });
    expect(await patient.examine("database folder")).toMatchObject({ state: "ok" });
    await patient.run("mend" in left ? (left.mend?.command ?? "") : "");
    await until(async () => (await patient.examine("database process")).state === "ok");
    await rm(join(data, "postmaster.pid"), { force: true });
  } finally {
    await postgres.stop();
  }
});

test("a process id that belongs to another program by now is no PostgreSQL", async () => {
  await writeData(await majorVersion());
  await writeFile(join(data, "postmaster.pid"), `${process.pid}\n`);
  expect(await patient.examine("database process")).toMatchObject({ state: "ok" });
});

async function majorVersion(): Promise<string> {
  const { found } = await patient.examine("database programs");
  return /\d+/.exec(found)?.[0] ?? "";
}
