import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "@bonfire/platform/models/installed-model";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ModelHub } from "../../../../platform/src/models/testing/model-hub.ts";
import { tinyModel } from "../../../../platform/src/models/testing/tiny-gguf.ts";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
let models: string;
beforeEach(async () => {
  patient = await Patient.admit();
  models = join(patient.cache, "models");
  await mkdir(join(models, "manifests"), { recursive: true });
});
afterEach(() => patient.discharge());

const BYTES = Buffer.from("the weights of a small model");
const MANIFEST: Omit<Manifest, "weights"> = {
  version: 1,
  id: "owner/tiny",
  aliases: ["tiny"],
  source: "hf:owner/tiny",
  kind: "text",
  capabilities: ["chat"],
  architecture: "llama",
  contextLength: 2048,
  layers: 2,
  kvBytesPerToken: 100,
  licence: "unknown",
  installedAt: "2026-01-01T00:00:00Z",
};

async function install(weights: Manifest["weights"]): Promise<void> {
  await writeFile(join(models, "manifests", "owner%2Ftiny.json"), JSON.stringify({ ...MANIFEST, weights }));
}

async function installFetched(): Promise<string> {
  const path = join(models, "tiny.gguf");
  await writeFile(path, BYTES);
  const sha256 = createHash("sha256").update(BYTES).digest("hex");
  await install([{ fileName: "tiny.gguf", sizeBytes: BYTES.length, sha256, sources: [] }]);
  return path;
}

test("whole files are all right, and a missing default model is fetched later", async () => {
  await installFetched();
  expect(await patient.examine("manifests")).toMatchObject({ state: "ok", found: "1 can be read" });
  expect(await patient.examine("model files")).toMatchObject({
    state: "ok",
    found: expect.stringMatching(/1 whole.*fetches HuggingFaceTB\/SmolLM2-135M-Instruct/),
  });
});

test("a manifest that cannot be read is moved away", async () => {
  await writeFile(join(models, "manifests", "owner%2Fother.json"), '{"version": 1, "id"');
  await patient.expectMended("manifests", { found: /owner%2Fother\.json/ });
  expect(await readdir(join(models, "manifests"))).toEqual(["owner%2Fother.json.broken"]);
});

describe("files from the hub", () => {
  let hub: ModelHub;
  beforeEach(async () => {
    hub = new ModelHub();
    await hub.start();
    hub.publish("owner/tiny", { "tiny-Q4_K_M.gguf": tinyModel() });
    patient.environment.HF_ENDPOINT = hub.endpoint;
    await patient.run("npx --no bonfire models pull hf:owner/tiny");
  });
  afterEach(() => hub.stop());

  async function pulledFile(): Promise<string> {
    const names = await readdir(models, { recursive: true });
    return join(models, names.find((name) => name.endsWith(".gguf")) ?? "");
  }

  test.each([
    ["is cut off", (path: string) => truncate(path, 10)],
    ["has other bytes", async (path: string) => writeFile(path, Buffer.alloc((await stat(path)).size))],
    ["is gone", (path: string) => rm(path)],
  ])("a file that %s is fetched again", async (_, damage) => {
    expect(await patient.examine("model files")).toMatchObject({ state: "ok" });
    await damage(await pulledFile());
    await patient.expectMended("model files", { state: "warning", found: /tiny-Q4_K_M\.gguf of owner\/tiny/ });
  });

  test("a damaged file of a model that is loaded at start is a failure", async () => {
    patient.environment.BONFIRE_PRELOAD = "Owner/Tiny";
    await rm(await pulledFile());
    await patient.expectMended("model files", { found: /is missing/ });
  });
});

test("a file of your own that is gone is forgotten", async () => {
  const path = join(patient.folder, "own.gguf");
  await writeFile(path, BYTES);
  const { mtimeMs } = await stat(path);
  await install([{ path, sizeBytes: BYTES.length, mtimeMs }]);
  expect(await patient.examine("model files")).toMatchObject({ state: "ok" });
  await rm(path);
  await patient.expectMended("model files", { state: "warning", found: /own\.gguf of owner\/tiny is missing/ });
});

test("names of models that do not exist are left out", async () => {
  await patient.writeSettings("models: {preload: [smollm2, smolm2, /gone.gguf]}\n");
  await patient.expectMended("preload", { found: /No model is called "smolm2".*Did you mean smollm2[\s\S]*\/gone\.gguf is not there/ });
  expect(await patient.examine("preload")).toEqual({ state: "ok", found: "smollm2" });
});

test("a licence that must be accepted is named with its address", async () => {
  patient.environment.BONFIRE_PRELOAD = "gemma-3-270m";
  expect(await patient.examine("preload")).toMatchObject({
    state: "failed",
    found: expect.stringContaining("https://"),
    mend: { command: "npx --no bonfire models pull gemma-3-270m --accept-licence" },
  });
});
