import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await patient.discharge();
});

test("a folder of sockets that others may enter is closed", async () => {
  await mkdir(join(patient.home, "run"));
  await chmod(join(patient.home, "run"), 0o755);
  await patient.expectMended("sockets", { found: /entered by other users/ });
});

test("what has taken the place of the folder is removed", async () => {
  await writeFile(join(patient.home, "run"), "");
  await patient.expectMended("sockets", { found: /is no folder/ });
});

test("a path that is too long for a socket is replaced by a short one", async () => {
  patient.environment.BONFIRE_HOME = join(patient.folder, "h".repeat(60));
  patient.environment.TMPDIR = join(patient.folder, "t".repeat(60));
  vi.stubEnv("TMPDIR", patient.environment.TMPDIR);
  const sick = await patient.examine("sockets");
  expect(sick).toMatchObject({
    state: "failed",
    found: expect.stringContaining("bytes too long"),
    mend: { command: "export TMPDIR=/tmp" },
  });
  await patient.run("export TMPDIR=/tmp");
  vi.stubEnv("TMPDIR", patient.environment.TMPDIR);
  expect(await patient.examine("sockets")).toMatchObject({ state: "ok" });
});
