import { chmod, chown, mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isRoot, Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(() => patient.discharge());

describe("the home", () => {
  test("that can be made is all right", async () => {
    await rmdir(patient.home);
    expect(await patient.examine("home")).toMatchObject({ state: "ok", found: expect.stringContaining("is made at the first start") });
  });

  test("that others may enter is closed", async () => {
    await chmod(patient.home, 0o755);
    await patient.expectMended("home", { state: "warning", found: /entered by other users/ });
  });

  test("that others may write is closed", async () => {
    await chmod(patient.home, 0o777);
    await patient.expectMended("home", { found: /written by other users/ });
  });

  test("that its owner may not write is opened for them", async () => {
    await chmod(patient.home, 0o500);
    await patient.expectMended("home", { found: /may not be written by its owner/ });
  });

  test("whose place a file has taken is made free", async () => {
    await rmdir(patient.home);
    await writeFile(patient.home, "");
    await patient.expectMended("home", { found: /is no folder/ });
  });

  test.runIf(isRoot)("that belongs to somebody else is given to this user", async () => {
    await chown(patient.home, 1000, 1000);
    await patient.expectMended("home", { state: "warning", found: /belongs to user 1000/ });
  });
});

describe("a full disk", () => {
  const full = (folder: string, free: number) => async (asked: string) => (asked.startsWith(folder) ? free : 50e9);

  test("of the home is left for one with room", async () => {
    await writeFile(join(patient.home, "kept"), "");
    patient.machine = {
      ...patient.machine,
      storagePlaces: [join(patient.folder, "roomy")],
      freeDiskBytes: full(patient.home, 50e6),
    };
    await mkdir(join(patient.folder, "roomy"));
    await patient.expectMended("home disk", { found: /only 50 MB free/ });
    expect(patient.environment.BONFIRE_HOME).toBe(join(patient.folder, "roomy", "bonfire"));
    expect(await patient.examine("home")).toMatchObject({ state: "ok" });
  });

  test("of the home is named where there is no other", async () => {
    patient.machine = { ...patient.machine, freeDiskBytes: async () => 500e6 };
    expect(await patient.examine("home disk")).toEqual({ state: "warning", found: expect.stringContaining("free some space") });
  });

  test.each(["variable", "file"])("of a cache that stands in a %s is left for one with room", async (place) => {
    if (place === "file") {
      delete patient.environment.BONFIRE_CACHE;
      await patient.writeSettings(`cache: ${patient.cache}\n`);
    }
    await mkdir(patient.cache);
    patient.machine = { ...patient.machine, storagePlaces: [patient.folder], freeDiskBytes: full(patient.cache, 100e6) };
    await patient.expectMended("cache disk", { found: /100 MB free/ });
  });
});
