import type { ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "@bonfire/platform/version";
import type { PlatformStatus } from "@bonfire/protocol/status";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../../../platform/src/engine/testing/until.ts";
import { startFakePlatform } from "../testing/fake-platform.ts";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
let child: ChildProcess | undefined;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(async () => {
  child?.kill("SIGKILL");
  child = undefined;
  await patient.discharge();
});

const STATUS: PlatformStatus = {
  object: "status",
  version: VERSION,
  pid: 1,
  home: "/home",
  base_url: "http://127.0.0.1:8080/v1",
  started_at: 1,
  running_requests: 0,
  database: { kind: "embedded", state: "up", since: null },
  ledger: { running_attempts: 0, waiting_rows: 0, write_ahead_bytes: 0 },
  memory: { budget_bytes: 0, used_bytes: 0, gpu_budget_bytes: 0, gpu_used_bytes: 0 },
  gpus: [],
  models: [],
};
const MODEL: PlatformStatus["models"][number] = {
  id: "owner/broken",
  object: "installed_model",
  aliases: [],
  kind: "text",
  capabilities: ["chat"],
  source: "hf:owner/broken",
  size_bytes: 1,
  context_length: 2048,
  licence: null,
  installed_at: null,
  pinned: true,
  state: "failed",
  state_since: null,
  reason: "it ended with status 1 again and again",
  replica: null,
};

/** Runs the command and waits until the process is gone. */
async function expectEnded(check: string, found: RegExp, after: "ok" | "skipped"): Promise<void> {
  const sick = await patient.examine(check);
  expect(sick).toMatchObject({
    state: "failed",
    found: expect.stringMatching(found),
    mend: { command: expect.stringContaining(`${child?.pid}`) },
  });
  await patient.run("mend" in sick ? (sick.mend?.command ?? "") : "");
  await until(() => child?.exitCode !== null || child.signalCode !== null);
  expect(await patient.examine(check)).toMatchObject({ state: after });
}

test("no platform is all right", async () => {
  expect(await patient.examine("platform")).toMatchObject({ state: "ok", found: "the platform does not run" });
});

test("a platform of this version is told with its address", async () => {
  child = await startFakePlatform(patient.home, STATUS);
  expect(await patient.examine("platform")).toMatchObject({ state: "ok", found: expect.stringContaining(STATUS.base_url) });
});

test("a platform of another version is ended", async () => {
  child = await startFakePlatform(patient.home, { version: "0.0.7", base_url: STATUS.base_url, something: "else" });
  await expectEnded("platform", /version 0\.0\.7 runs.*this is version/, "ok");
});

test("a platform that does not answer is ended", async () => {
  child = await startFakePlatform(patient.home);
  await expectEnded("platform", /does not answer/, "ok");
});

test("a platform whose answer makes no sense is ended", async () => {
  child = await startFakePlatform(patient.home, { hello: "world" });
  await expectEnded("platform", /makes no sense/, "ok");
});

test("a platform that lost the database of its own is ended", async () => {
  child = await startFakePlatform(patient.home, { ...STATUS, database: { kind: "embedded", state: "down", since: 1 } });
  await expectEnded("running database", /database is away/, "skipped");
});

test("a platform that waits for a database of yours is left alone", async () => {
  child = await startFakePlatform(patient.home, { ...STATUS, database: { kind: "external", state: "down", since: 1 } });
  expect(await patient.examine("running database")).toMatchObject({ state: "warning" });
});

test("a model that failed is loaded again", async () => {
  child = await startFakePlatform(patient.home, { ...STATUS, models: [MODEL] });
  await patient.expectMended("running models", { found: /owner\/broken failed: it ended with status 1/ });
});

test("a socket that a dead platform left is all right", async () => {
  child = await startFakePlatform(patient.home, STATUS);
  child.kill("SIGKILL");
  await until(() => child?.signalCode !== null);
  expect(await patient.examine("platform")).toMatchObject({ state: "ok", found: expect.stringContaining("without cleaning up") });
});

test("a platform that runs is no reason to complain about its port or its database", async () => {
  await writeFile(join(patient.home, "bonfire.yaml"), "server: {port: 8080}\n", { mode: 0o600 });
  child = await startFakePlatform(patient.home, STATUS);
  expect(await patient.examine("port")).toMatchObject({ state: "ok", found: expect.stringContaining("the running platform listens") });
  expect(await patient.examine("database process")).toMatchObject({ state: "ok" });
});
