import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError, type OpenAI } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { startEmbeddedPostgres } from "../packages/platform/src/storage/embedded-postgres.ts";
import { runBonfire } from "./bonfire-process.ts";
import { meterEachTest, REPLICA_MODEL } from "./metered-platform.ts";
import { openApiCheckingFetch } from "./openapi-checking-fetch.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";
import { openaiClient } from "./shared-platform.ts";

const metered = meterEachTest();

const PROMPT = { messages: [{ role: "user" as const, content: "one two three" }], max_tokens: 2 };
const ask = (client: OpenAI, model: string) => client.chat.completions.create({ model, ...PROMPT });

/** What an operator and an application have of a platform; every answer is checked against its OpenAPI document. */
async function connect({ baseUrl }: RunningPlatform, key: string) {
  const { fetch, violations } = await openApiCheckingFetch(baseUrl);
  onTestFinished(() => expect(violations).toEqual([]));
  const admin = (method: "GET" | "PUT" | "DELETE", path: string, body?: object) =>
    fetch(new URL(`/admin/v1/aliases${path}`, baseUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { client: openaiClient(baseUrl, key, { fetch }), admin };
}

describe("an alias", () => {
  it("stands for a model from the moment it is made, without a restart, until it is removed", async () => {
    const setting = metered();
    const { client, admin } = await connect(await setting.start(), setting.key);
    await expect(ask(client, "gpt-4o")).rejects.toThrow(NotFoundError);

    const made = await admin("PUT", "/gpt-4o", { model: REPLICA_MODEL });
    expect(await made.json()).toMatchObject({ name: "gpt-4o", model: REPLICA_MODEL, served: true });
    const { data, response } = await client.chat.completions.create({ model: "gpt-4o", ...PROMPT }).withResponse();
    expect(data.model).toBe("gpt-4o");
    expect(response.headers.get("x-bonfire-model")).toBe(REPLICA_MODEL);
    await until(async () => (await setting.rows()).length === 1);
    expect(await setting.rows()).toMatchObject([{ model: REPLICA_MODEL, outcome: "succeeded" }]);

    expect((await admin("DELETE", "/gpt-4o")).status).toBe(200);
    await expect(ask(client, "gpt-4o")).rejects.toThrow(NotFoundError);
    expect((await admin("DELETE", "/gpt-4o")).status).toBe(404);
  });

  it("may have slashes, and is echoed in streams as well", async () => {
    const setting = metered();
    const { client, admin } = await connect(await setting.start(), setting.key);
    await admin("PUT", "/accounts/fireworks/models/x", { model: REPLICA_MODEL });
    const stream = await client.chat.completions.create({ model: "accounts/fireworks/models/x", ...PROMPT, stream: true });
    for await (const { model } of stream) expect(model).toBe("accounts/fireworks/models/x");
    const { data } = await client.models.list();
    const replica = data.find(({ id }) => id === REPLICA_MODEL);
    expect(replica).toBeDefined();
    expect(data).toContainEqual({ ...replica, id: "accounts/fireworks/models/x" });
    expect(await client.models.retrieve("accounts/fireworks/models/x")).toMatchObject({ id: "accounts/fireworks/models/x" });
  });

  it("is refused with the name of a model, and for another alias", async () => {
    const setting = metered();
    const { admin } = await connect(await setting.start(), setting.key);
    expect((await admin("PUT", `/${REPLICA_MODEL}`, { model: "other" })).status).toBe(400);
    await admin("PUT", "/gpt-4o", { model: REPLICA_MODEL });
    expect((await admin("PUT", "/gpt-4", { model: "gpt-4o" })).status).toBe(400);
  });

  it("is made, listed and removed by `bonfire aliases`", async () => {
    const setting = metered();
    const platform = await setting.start();
    const { client } = await connect(platform, setting.key);
    const aliases = (...args: string[]) =>
      runBonfire(["aliases", ...args, "--url", platform.baseUrl], { home: tmpdir(), env: { BONFIRE_ADMIN_KEY: setting.key } });
    expect(await aliases("set", "openai/gpt-oss-20b", REPLICA_MODEL)).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await ask(client, "openai/gpt-oss-20b")).model).toBe("openai/gpt-oss-20b");
    expect((await aliases("list")).stdout).toMatch(/^openai\/gpt-oss-20b +replica\/echo +served$/m);
    expect(await aliases("rm", "openai/gpt-oss-20b")).toMatchObject({ exitCode: 0 });
    expect(await aliases("rm", "openai/gpt-oss-20b")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("no alias") });
  });
});

describe("while the database is away", () => {
  it("aliases go on working, through a start as well, and changes get 503", async () => {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const replica = await startFakeReplica({ model: REPLICA_MODEL, contextLength: 100 });
    onTestFinished(() => replica.close());
    const postgres = await startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
    const { key } = metered();
    const start = () =>
      startPlatformProcess({
        home: join(folder, "home"),
        env: {
          BONFIRE_PRELOAD: "none",
          BONFIRE_UPSTREAM_URL: replica.url,
          BONFIRE_BOOTSTRAP_KEY: key,
          DATABASE_URL: postgres.databaseUrl,
        },
      });

    const first = await start();
    const before = await connect(first, key);
    expect((await before.admin("PUT", "/gpt-4o", { model: REPLICA_MODEL })).status).toBe(200);
    await postgres.stop();
    expect((await ask(before.client, "gpt-4o")).model).toBe("gpt-4o");
    expect((await before.admin("PUT", "/gpt-4", { model: REPLICA_MODEL })).status).toBe(503);
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect((await ask((await connect(second, key)).client, "gpt-4o")).model).toBe("gpt-4o");
    expect(await second.stop()).toBe(0);
  });
});
