import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

/** Nobody listens there. */
const CLOSED = "http://127.0.0.1:1";

let patient: Patient;
let hub: Server;
let hubUrl: string;
beforeEach(async () => {
  patient = await Patient.admit();
  // Any answer shows that it is there.
  hub = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  await once(hub, "listening");
  const address = hub.address();
  hubUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  Object.assign(patient.environment, { HF_ENDPOINT: hubUrl, PIP_INDEX_URL: `${CLOSED}/simple`, PIP_CONFIG_FILE: "/dev/null" });
});
afterEach(async () => {
  hub.close();
  await patient.discharge();
});

test("nothing can be fetched for a start that needs something: it starts without models", { timeout: 30_000 }, async () => {
  patient.environment.HF_ENDPOINT = CLOSED;
  const sick = await patient.examine("network");
  expect(sick).toMatchObject({
    state: "failed",
    found: expect.stringMatching(
      /^the engine and HuggingFaceTB\/.* must be fetched, but the model hub .*:1 cannot be reached.*package index/,
    ),
  });
  await patient.run("mend" in sick ? (sick.mend?.command ?? "") : "");
  expect(await patient.examine("network")).toMatchObject({ state: "warning", found: expect.stringContaining("needs nothing from there") });
});

test("a model that the hub has needs no package index", { timeout: 30_000 }, async () => {
  await patient.writeProgram("llama-server", "exit 0");
  expect(await patient.examine("network")).toMatchObject({ state: "warning", found: expect.stringMatching(/^the Python package index/) });
});

test("an engine that must be installed needs the package index", { timeout: 30_000 }, async () => {
  expect(await patient.examine("network")).toMatchObject({ state: "failed", found: expect.stringMatching(/^the engine must be fetched/) });
});

test("a name that only the hub knows needs the hub", { timeout: 30_000 }, async () => {
  patient.environment.HF_ENDPOINT = CLOSED;
  patient.environment.BONFIRE_PRELOAD = "hf:owner/name";
  await patient.writeProgram("llama-server", "exit 0");
  expect(await patient.examine("network")).toMatchObject({
    state: "failed",
    found: expect.stringMatching(/^hf:owner\/name must be fetched/),
  });
});
