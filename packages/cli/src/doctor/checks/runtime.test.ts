import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(() => patient.discharge());

/** A command of which only this machine's owner has the real one: what it is told is written down. */
async function expectTold(check: string, program: string, found: RegExp, state: "failed" | "warning" = "failed"): Promise<string> {
  const told = join(patient.folder, "told");
  await patient.writeProgram(program, `echo "$@" > '${told}'`);
  await patient.writeProgram("sudo", 'exec "$@"');
  const sick = await patient.examine(check);
  expect(sick).toMatchObject({ state, found: expect.stringMatching(found) });
  await patient.run("mend" in sick ? (sick.mend?.command ?? "") : "");
  return (await readFile(told, "utf8")).trim();
}

test("an old Node.js is replaced by the newest long-term version", async () => {
  patient.machine = { ...patient.machine, nodeVersion: "20.18.3" };
  patient.environment.HOME = patient.folder;
  await mkdir(join(patient.folder, ".nvm"));
  await writeFile(join(patient.folder, ".nvm", "nvm.sh"), 'nvm() { nvm-stand-in "$@"; }\n');
  expect(await expectTold("node", "nvm-stand-in", /20\.18\.3.*20\.19/)).toBe("install --lts");
  patient.machine = { ...patient.machine, nodeVersion: "22.1.0" };
  expect(await patient.examine("node")).toMatchObject({ state: "ok" });
});

test.each([0, 1000])("an impossible time is set by the network, by user %i", async (uid) => {
  patient.machine = { ...patient.machine, uid, now: () => Date.UTC(1970, 0, 2) };
  expect(await expectTold("clock", "timedatectl", /1970-01-02/)).toBe("set-ntp true");
});

test("a low limit on open files is raised for the shell", async () => {
  patient.machine = { ...patient.machine, maxOpenFiles: 1_024 };
  expect(await expectTold("open files", "prlimit", /only 1024/, "warning")).toMatch(/^--pid \d+ --nofile=65536:65536$/);
});

test("no limit on open files, or this process's own, is all right", async () => {
  expect(await patient.examine("open files")).toMatchObject({ state: "ok" });
  patient.machine = { ...patient.machine, maxOpenFiles: undefined };
  expect(await patient.examine("open files")).toMatchObject({ state: "ok" });
});

test("a folder for temporary files that is not there is unset", async () => {
  patient.environment.TMPDIR = join(patient.folder, "nowhere");
  await patient.expectMended("temporary folder", { found: /nowhere is no folder/ });
});

test("a full disk for temporary files is named", async () => {
  patient.machine = { ...patient.machine, freeDiskBytes: async () => 10e6 };
  expect(await patient.examine("temporary folder")).toEqual({ state: "warning", found: expect.stringContaining("10 MB") });
});
