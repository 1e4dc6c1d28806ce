import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withPathLock } from "@bonfire/platform/processes/path-lock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
let models: string;
beforeEach(async () => {
  patient = await Patient.admit();
  models = join(patient.cache, "models");
  await mkdir(models, { recursive: true });
});
afterEach(() => patient.discharge());

describe("the cache", () => {
  test.each(["", "models"])("is opened for its owner in cache/%s", async (name) => {
    await chmod(join(patient.cache, name), 0o500);
    await patient.expectMended("cache", { found: /may not be written by its owner/ });
  });

  test("may have to be made", async () => {
    patient.environment.BONFIRE_CACHE = join(patient.folder, "not", "yet", "there");
    expect(await patient.examine("cache")).toMatchObject({ state: "ok" });
  });
});

describe("locks of downloads", () => {
  test("that a download holds are all right", async () => {
    await withPathLock(join(models, "a.gguf.lock"), async () => {
      expect(await patient.examine("download locks")).toMatchObject({ state: "ok", found: expect.stringContaining("1") });
    });
  });

  test("that cannot be read are removed", async () => {
    await mkdir(join(models, "a b.gguf.lock"));
    await writeFile(join(models, "a b.gguf.lock", "owner"), "{");
    await writeFile(join(models, "c.gguf.lock"), "");
    await patient.expectMended("download locks", { found: /a b\.gguf\.lock, .*c\.gguf\.lock cannot be read/ });
  });
});
