import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isRoot, Patient } from "../testing/patient.ts";

let patient: Patient;
let file: string;
beforeEach(async () => {
  patient = await Patient.admit();
  file = join(patient.home, "bonfire.yaml");
});
afterEach(() => patient.discharge());

describe("the settings file", () => {
  test("may be missing", async () => {
    expect(await patient.examine("settings file")).toMatchObject({ state: "ok", found: expect.stringContaining(file) });
  });

  test("that holds a secret and can be read by others is closed", async () => {
    await patient.writeSettings("hugging_face: {token: hf_secret}\n");
    await chmod(file, 0o644);
    await patient.expectMended("settings file", { state: "warning", found: /hugging_face\.token.*read by other users/ });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("without a secret may be read by others", async () => {
    await patient.writeSettings("server: {port: 9000}\n");
    await chmod(file, 0o644);
    expect(await patient.examine("settings file")).toMatchObject({ state: "ok" });
  });

  test("that others may write is closed", async () => {
    await patient.writeSettings("server: {port: 9000}\n");
    await chmod(file, 0o666);
    await patient.expectMended("settings file", { found: /written by other users/ });
  });

  test("that its owner may not read is opened for them", async () => {
    await patient.writeSettings("server: {port: 9000}\n");
    await chmod(file, 0o000);
    await patient.expectMended("settings file", { found: /may not be read by its owner/ });
  });

  test("that is a folder is moved away", async () => {
    await mkdir(file);
    await patient.expectMended("settings file", { found: /is no file/ });
  });

  test.skipIf(isRoot)("in a home that this user may not enter makes the home the finding", async () => {
    await chmod(patient.home, 0o000);
    await patient.expectMended("settings file", { found: /home may not be written by its owner/ });
  });

  test("that BONFIRE_CONFIG names must be there", async () => {
    patient.environment.BONFIRE_CONFIG = join(patient.folder, "elsewhere.yaml");
    await patient.expectMended("settings file", { found: /elsewhere\.yaml, which is not there/ });
    expect(patient.environment).not.toHaveProperty("BONFIRE_CONFIG");
  });
});

describe("settings", () => {
  test("are all right when nothing is set", async () => {
    expect(await patient.examine("settings")).toMatchObject({ state: "ok" });
  });

  test("in a variable that cannot be used are unset", async () => {
    patient.environment.BONFIRE_PORT = "eighty";
    await patient.expectMended("settings", { found: /^BONFIRE_PORT: expected a port number/ });
  });

  test("in a misspelled variable are unset", async () => {
    patient.environment.BONFIRE_PROT = "8081";
    await patient.expectMended("settings", { found: /did you mean BONFIRE_PORT/ });
  });

  test("in the file that cannot be used are taken out of it", async () => {
    await patient.writeSettings("server:\n  port: eighty\nmodels:\n  preload: [smollm2]\n");
    await patient.expectMended("settings", { found: /server\.port \(.*bonfire\.yaml:2\)/ });
    expect(await readFile(file, "utf8")).toContain("preload");
  });

  test("in the file that do not exist are taken out of it", async () => {
    await patient.writeSettings("server:\n  prot: 8081\n  port: 8082\n");
    await patient.expectMended("settings", { found: /server\.prot.*did you mean server\.port/ });
    expect(await readFile(file, "utf8")).toContain("8082");
  });

  test("with several faults are mended at once", async () => {
    patient.environment.BONFIRE_PROT = "8081";
    patient.environment.BONFIRE_LOG_LEVEL = "loud";
    await patient.writeSettings("server:\n  prot: 8081\nlog:\n  format: pink\n");
    await patient.expectMended("settings", { found: /BONFIRE_PROT[\s\S]*server\.prot[\s\S]*log\.format/ });
  });

  test("in a file that is no YAML are moved away, and kept", async () => {
    await patient.writeSettings("server: {port: 8081\n");
    await patient.expectMended("settings", { found: /bonfire\.yaml line \d/ });
    expect(await readFile(`${file}.broken`, "utf8")).toContain("8081");
  });

  test("of another file are mended there", async () => {
    const other = join(patient.folder, "other settings.yaml");
    await writeFile(other, "server: {port: eighty}\n", { mode: 0o600 });
    patient.environment.BONFIRE_CONFIG = other;
    await patient.expectMended("settings", { found: /server\.port/ });
  });

  test("never show a secret", async () => {
    await patient.writeSettings("auth: {bootstrap_key: hunter2}\n");
    expect(JSON.stringify(await patient.examine("settings"))).not.toContain("hunter2");
  });
});
