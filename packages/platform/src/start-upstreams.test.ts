import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startResourceDatabase, startResourceGateway } from "./endpoints/testing/resource-gateway.ts";
import { CHAT } from "./engine/testing/conformance-requests.ts";
import { startFakeReplica } from "./engine/testing/fake-replica.ts";
import { until } from "./engine/testing/until.ts";
import { startListingServer } from "./upstreams/testing/listing-server.ts";

/** How soon every gateway has to go by a change. */
const KNOWN_WITHIN_MS = 2_000;

let database: Awaited<ReturnType<typeof startResourceDatabase>>;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await startResourceDatabase();
}, 60_000);

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

afterAll(() => database.close(), 60_000);

async function startGateway(environment: Readonly<Record<string, string>> = {}, home?: string) {
  const gateway = await startResourceGateway({ databaseUrl: database.databaseUrl, home: home ?? (await database.newHome()), environment });
  endings.push(gateway.stop);
  return gateway;
}

async function startServer(models: readonly string[]) {
  const server = await startListingServer(models);
  endings.push(server.close);
  return server;
}

/** Gateways on several machines have the same root secret. */
const SHARED = { BONFIRE_SECRET: "0123456789abcdef-ghijklmnopqrstuv" };

describe("two gateways on one database", () => {
  it("both go by a change within two seconds: upstreams, keys, models, routes and drained deployments", async () => {
    const [one, other] = [await startGateway(SHARED), await startGateway(SHARED)];
    const server = await startServer(["llama"]);
    const change = async (work: () => Promise<unknown>, isKnown: () => boolean) => {
      await work();
      await until(isKnown, KNOWN_WITHIN_MS);
    };
    const put = (body: object) => one.call("PUT", "/upstreams/vllm", { body: { base_url: server.url, ...body } });
    await change(
      () => put({}),
      () => other.deployments.get("vllm")?.[0]?.name === "vllm/llama",
    );
    await change(
      () => one.call("PUT", "/routes/gpt-4o", { body: { groups: [{ deployments: [{ deployment: "vllm/llama" }] }] } }),
      () => other.routes.table.exact("gpt-4o") !== undefined,
    );
    await change(
      () => one.call("PUT", "/deployments/vllm/llama", { body: { draining: true } }),
      () => other.routes.table.drained.has("vllm/llama"),
    );
    server.models = [{ id: "llama" }, { id: "phi" }];
    await change(
      () => one.call("POST", "/upstreams/vllm/refresh"),
      () => other.deployments.get("vllm")?.length === 2,
    );
    await change(
      () => one.call("DELETE", "/upstreams/vllm"),
      () => other.deployments.get("vllm")?.length === 0,
    );
    await one.clear();
  });

  it("open each other's keys, since they have the same root secret", async () => {
    const [one, other] = [await startGateway(SHARED), await startGateway(SHARED)];
    const server = await startServer(["llama"]);
    await one.call("PUT", "/upstreams/vllm", { body: { base_url: server.url, keys: [{ value: "the-key" }] } });
    await other.call("POST", "/upstreams/vllm/refresh");
    expect(server.askedWith).toEqual(["Bearer the-key", "Bearer the-key"]);
    await one.clear();
  });
});

describe("a request that runs", () => {
  it("ends where it began, also when its upstream is changed or removed meanwhile", async () => {
    const gateway = await startGateway();
    const replica = await startFakeReplica({ model: "m", contextLength: 100 });
    endings.push(replica.close);
    await gateway.call("PUT", "/upstreams/vllm", { body: { base_url: replica.url, import_models: false, models: [{ id: "m" }] } });
    const before = gateway.upstreams.watch.find("vllm/m");
    const lease = await before?.acquire(new AbortController().signal);
    await gateway.call("DELETE", "/upstreams/vllm");
    expect(gateway.upstreams.watch.find("vllm/m")).toBeUndefined();
    const events: string[] = [];
    for await (const { type } of lease?.client.generate?.(CHAT, new AbortController().signal) ?? []) events.push(type);
    expect(events.at(-1)).toBe("end");
    lease?.release();
  });
});

describe("the upstream of the settings", () => {
  it("is one more upstream, which no resource can replace", async () => {
    const server = await startServer(["llama"]);
    const gateway = await startGateway({ BONFIRE_UPSTREAM_URL: server.url, BONFIRE_UPSTREAM_API_KEY: "settings-key-0123" });
    expect(server.askedWith).toEqual(["Bearer settings-key-0123"]);
    expect(gateway.upstreams.watch.find("upstream/llama")).toBeDefined();
    expect(await gateway.call("GET", "/upstreams")).toMatchObject({
      json: { data: [{ name: "upstream", source: "settings", listed_models: 1, keys: [{ name: "default", hint: "0123" }] }] },
    });
    for (const answer of [
      await gateway.call("PUT", "/upstreams/upstream", { body: { base_url: server.url } }),
      await gateway.call("DELETE", "/upstreams/upstream"),
    ]) {
      expect(answer).toMatchObject({
        status: 400,
        json: { error: { param: "name", message: expect.stringContaining("BONFIRE_UPSTREAM_URL") } },
      });
    }
    server.models = [{ id: "phi" }];
    expect(await gateway.call("POST", "/upstreams/upstream/refresh")).toMatchObject({ json: { listed_models: 1 } });
    expect(gateway.upstreams.watch.list().map(({ name }) => name)).toEqual(["upstream/phi"]);
  });

  it("does not hold up the start where it does not answer", async () => {
    const gateway = await startGateway({ BONFIRE_UPSTREAM_URL: "http://127.0.0.1:1/v1" });
    expect(await gateway.call("GET", "/upstreams/upstream")).toMatchObject({ json: { list_error: "It cannot be reached." } });
    expect(gateway.upstreams.watch.list()).toEqual([]);
  });
});

describe("a start while the database is away", () => {
  it("has the upstreams, their keys and the routes of the last run", async () => {
    const home = await database.newHome();
    const server = await startServer(["llama"]);
    const before = await startGateway({}, home);
    await before.call("PUT", "/upstreams/vllm", { body: { base_url: server.url, keys: [{ value: "the-key" }] } });
    await before.call("PUT", "/routes/m", { body: { groups: [{ deployments: [{ deployment: "vllm/llama" }] }] } });
    await before.stop();
    await database.goAway();
    try {
      const after = await startGateway({}, home);
      expect(after.deployments.get("vllm")?.map(({ name }) => name)).toEqual(["vllm/llama"]);
      expect(after.routes.table.exact("m")).toBeDefined();
      await after.upstreams.watch.listModels("vllm", new AbortController().signal);
      expect(server.askedWith).toEqual(["Bearer the-key", "Bearer the-key"]);
      expect(await after.call("GET", "/upstreams")).toMatchObject({ status: 503 });
      await after.stop();
    } finally {
      await database.comeBack();
    }
  });
});
