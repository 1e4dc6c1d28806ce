import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InstalledModel, installedModelList } from "@bonfire/protocol/installed-models";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../packages/platform/src/config.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { DEFAULT_MODEL } from "../packages/platform/src/models/catalog.ts";
import { ModelHub } from "../packages/platform/src/models/testing/model-hub.ts";
import { endAll, runBonfire } from "./bonfire-process.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";

/** A repository of the stand-in hub that holds the default model's weights under another name. */
const FROM_HUB = "bonfire/tiny-GGUF";
const LOCAL = "local-copy";
const KEY = randomBytes(24).toString("hex");

let folder: string;
let home: string;
let hub: ModelHub;
let platform: RunningPlatform;

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  home = join(folder, "home");
  const cache = join(folder, "cache");
  const shared = loadConfig(process.env).cache;
  // The engine's environment is shared, the models are not.
  mkdirSync(cache);
  mkdirSync(join(shared, "python"), { recursive: true });
  symlinkSync(join(shared, "python"), join(cache, "python"));
  const weights = join(shared, "models", DEFAULT_MODEL.weights.fileName);
  symlinkSync(weights, join(folder, `${LOCAL}.gguf`));
  hub = new ModelHub();
  await hub.start();
  hub.publish(FROM_HUB, { "README.md": Buffer.from("#"), "tiny-Q4_K_M.gguf": readFileSync(weights) });
  platform = await startPlatformProcess({
    home,
    env: {
      BONFIRE_BOOTSTRAP_KEY: KEY,
      BONFIRE_CACHE: cache,
      BONFIRE_PRELOAD: "none",
      BONFIRE_KEEP_ALIVE: "1s",
      // Room for one replica of one slot, and not for two.
      BONFIRE_MEMORY: "700MiB",
      HF_ENDPOINT: hub.endpoint,
      HF_TOKEN: "hf_secret_token",
    },
  });
});

afterAll(async () => {
  expect(await platform.stop()).toBe(0);
  expect(platform.stdout() + platform.stderr()).not.toContain("hf_secret_token");
  await endAll();
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bonfire = (...args: string[]) => runBonfire(args, { home, env: {} });

function call(path: string, body?: object): Promise<Response> {
  return fetch(new URL(path, platform.baseUrl), {
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

const ask = (model: string, more: object = {}) =>
  call("/v1/chat/completions", { model, messages: [{ role: "user", content: "What is a bonfire?" }], max_tokens: 3, ...more });

async function models(): Promise<ReadonlyMap<string, InstalledModel>> {
  const { data } = installedModelList.parse(await (await call("/admin/v1/models")).json());
  return new Map(data.map((model) => [model.id, model]));
}

describe("models", () => {
  it("none is needed to start: the platform is ready and says how to get one", async () => {
    expect(await (await call("/ready")).json()).toEqual({ status: "ready", models: {} });
    const answer = await ask("smollm2");
    expect(answer.status).toBe(404);
    expect(JSON.stringify(await answer.json())).toContain("No model is served here yet");
  });

  it("are pulled from a hub, with the token for the hub alone, and listed", async () => {
    const pulled = await bonfire("models", "pull", `hf:${FROM_HUB}`);
    expect(pulled).toMatchObject({ exitCode: 0 });
    expect(hub.seen.filter(({ host }) => host.startsWith("127.0.0.1")).every(({ headers }) => headers.authorization !== undefined)).toBe(
      true,
    );
    expect(hub.downloads.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    const list = await bonfire("models", "list", "--json");
    expect(JSON.parse(list.stdout)).toMatchObject([{ id: FROM_HUB, state: "unloaded", source: `hf:${FROM_HUB}` }]);
    expect(await (await call("/ready")).json()).toMatchObject({ status: "ready", models: { [FROM_HUB]: "unloaded" } });
  });

  it("are used from a local file where it lies", async () => {
    expect(await bonfire("models", "pull", join(folder, `${LOCAL}.gguf`))).toMatchObject({ exitCode: 0 });
    expect([...(await models()).keys()].toSorted()).toEqual([FROM_HUB, LOCAL]);
  });

  it("are loaded by their first request, once for many at a time, and unloaded when idle", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(FROM_HUB)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await models()).get(FROM_HUB)).toMatchObject({ state: "ready", replica: { slots: 1, restarts: 0 } });
    await until(async () => (await models()).get(FROM_HUB)?.state === "unloaded", 20_000);
  });

  it("make room for each other where memory is short", async () => {
    for (const model of [FROM_HUB, LOCAL, FROM_HUB]) {
      expect((await ask(model)).status).toBe(200);
      const others = [...(await models()).values()].filter(({ id }) => id !== model);
      expect((await models()).get(model)?.state).toBe("ready");
      expect(others.map(({ replica }) => replica)).toEqual([null]);
    }
  });

  it("that are gated are refused with what to do", async () => {
    hub.hubStatus = 403;
    const refused = await bonfire("models", "pull", "hf:bonfire/gated-GGUF");
    hub.hubStatus = undefined;
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/accept the licence at .*bonfire\/gated-GGUF/);
  });

  it("with a licence to accept are not fetched before", async () => {
    const asked = hub.seen.length;
    const refused = await bonfire("models", "pull", "llama3.2:1b");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/must be accepted[\s\S]*--accept-licence/);
    expect(hub.seen.length).toBe(asked);
  });

  it("whose name is misspelled are an error that suggests the right one", async () => {
    expect((await bonfire("models", "pull", "smolm2")).stderr).toContain("smollm2");
  });

  it("are removed with their files, unless a request runs on them", async () => {
    const answer = await ask(FROM_HUB, { stream: true, max_tokens: 4_000, logit_bias: { "0": -100, "2": -100 } });
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(await bonfire("models", "rm", FROM_HUB)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("running requests") });
    await reader?.cancel();
    await until(async () => (await models()).get(FROM_HUB)?.replica?.running_requests === 0);
    expect(await bonfire("models", "rm", FROM_HUB)).toMatchObject({ exitCode: 0 });
    expect((await ask(FROM_HUB)).status).toBe(404);
    expect([...(await models()).keys()]).toEqual([LOCAL]);
  });
});
