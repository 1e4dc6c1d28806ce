import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorBody } from "@bonfire/protocol/error-body";
import { type PlatformStatus, platformStatus } from "@bonfire/protocol/status";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { startEmbeddedPostgres } from "../packages/platform/src/storage/embedded-postgres.ts";
import { endAll, runBonfire } from "./bonfire-process.ts";
import { processesNaming, processTree } from "./processes.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";
import { MODEL } from "./shared-platform.ts";

let folder: string;
let home: string;
const KEY = randomBytes(24).toString("hex");

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  home = join(folder, "home");
});

afterEach(async () => {
  await endAll();
  await until(() => processesNaming(folder).length === 0, 20_000);
  rmSync(folder, { recursive: true, force: true });
});

const start = (env: Record<string, string>) => startPlatformProcess({ home, env: { BONFIRE_BOOTSTRAP_KEY: KEY, ...env } });

function call({ baseUrl }: RunningPlatform, path: string, { key = KEY, body }: { key?: string; body?: object } = {}): Promise<Response> {
  return fetch(new URL(path, baseUrl), {
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

const ask = (platform: RunningPlatform, model = MODEL) =>
  call(platform, "/v1/chat/completions", { body: { model, messages: [{ role: "user", content: "What is a bonfire?" }], max_tokens: 2 } });

async function statusOf(platform: RunningPlatform): Promise<PlatformStatus> {
  return platformStatus.parse(await (await call(platform, "/admin/v1/status")).json());
}

async function codeOf(response: Response): Promise<unknown> {
  return [response.status, errorBody.parse(await response.json()).error.code];
}

describe("when the embedded PostgreSQL is killed", () => {
  it("known keys are served, unknown ones and changes get 503, and all heals", async () => {
    const platform = await start({ BONFIRE_PRELOAD: "none", ...(await upstream()) });
    expect((await ask(platform, "upstream/echo")).status).toBe(200);
    const ours = processTree(platform.pid).map(({ pid }) => pid);
    const postmaster = processesNaming(join(home, "postgres")).find((pid) => ours.includes(pid));
    process.kill(postmaster ?? 0, "SIGKILL");
    const change = await call(platform, "/admin/v1/keys", { body: { name: "during the outage" } });
    expect(change.status).toBeOneOf([201, 503]);
    expect((await ask(platform, "upstream/echo")).status).toBe(200);

    await until(async () => (await call(platform, "/admin/v1/keys", { body: { name: "after it" } })).status === 201, 20_000);
    await until(async () => (await statusOf(platform)).database.state === "up");
    await until(async () => (await statusOf(platform)).ledger.waiting_rows === 0, 20_000);
    expect(await platform.stop()).toBe(0);
  });
});

describe("when a database elsewhere is away", () => {
  it("known keys work, others and changes get 503, and a start goes on with the keys of the last run", async () => {
    const replica = await upstream();
    const directory = join(folder, "external");
    const log = () => undefined;
    let postgres = await startEmbeddedPostgres({ directory, log });
    const env = { BONFIRE_PRELOAD: "none", DATABASE_URL: postgres.databaseUrl, ...replica };
    const first = await start(env);
    await postgres.stop();
    await until(async () => (await statusOf(first)).database.state === "down");
    expect((await ask(first, "upstream/echo")).status).toBe(200);
    expect(await codeOf(await call(first, "/v1/models", { key: "bf-unknown" }))).toEqual([503, "database_unavailable"]);
    expect(await codeOf(await call(first, "/admin/v1/keys", { body: { name: "x" } }))).toEqual([503, "database_unavailable"]);
    expect(await first.stop()).toBe(0);

    const second = await start(env);
    expect((await ask(second, "upstream/echo")).status).toBe(200);
    expect((await statusOf(second)).ledger.waiting_rows).toBeGreaterThan(0);
    postgres = await startEmbeddedPostgres({ directory, log });
    await until(async () => (await call(second, "/admin/v1/keys", { body: { name: "after it" } })).status === 201, 20_000);
    await until(async () => (await statusOf(second)).ledger.waiting_rows === 0, 20_000);
    expect((await call(second, "/v1/models", { key: "bf-unknown" })).status).toBe(401);
    expect(await second.stop()).toBe(0);
    await postgres.stop();
  });

  it("a first start fails, names DATABASE_URL and shows no password", async () => {
    const outcome = await runBonfire(["up"], {
      home,
      env: { BONFIRE_PORT: "0", BONFIRE_PRELOAD: "none", DATABASE_URL: "postgresql://bonfire:hunter2@127.0.0.1:1/bonfire" },
    });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain("DATABASE_URL");
    expect(outcome.stderr).not.toContain("hunter2");
  });
});

describe("an engine that dies again and again", () => {
  it("ends in a state that says so, with its last words for the operator alone, until it is asked for again", async () => {
    const broken = join(folder, "llama-server");
    writeFileSync(broken, "#!/bin/sh\necho 'no such instruction' >&2\nexit 3\n");
    chmodSync(broken, 0o755);
    const platform = await start({ BONFIRE_PRELOAD: "none", BONFIRE_LLAMA_SERVER: broken });
    const answer = await ask(platform);
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(text).toContain("model_unavailable");
    expect(text).not.toContain("no such instruction");

    await until(async () => (await statusOf(platform)).models.find(({ id }) => id === MODEL)?.state === "failed", 30_000);
    const model = (await statusOf(platform)).models.find(({ id }) => id === MODEL);
    expect(model?.reason).toMatch(/exit code 3[\s\S]*no such instruction/);
    expect(processesNaming(broken)).toEqual([]);

    const again = await call(platform, "/admin/v1/models/load", { body: { model: MODEL } });
    expect(again.status).toBe(503);
    expect(JSON.stringify(await again.json())).toContain("no such instruction");
  });
});

/** Settings of a scripted replica beside the platform. */
async function upstream(): Promise<Record<string, string>> {
  const replica = await startFakeReplica({ model: "upstream/echo", contextLength: 100 });
  replicas.push(replica);
  return { BONFIRE_UPSTREAM_URL: replica.url };
}

const replicas: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.close();
});
