import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { startListingServer } from "../upstreams/testing/listing-server.ts";
import { startResourceDatabase, startResourceGateway } from "./testing/resource-gateway.ts";

const KEY = "canary-key-0123456789";

let database: Awaited<ReturnType<typeof startResourceDatabase>>;
let home: string;
let gateway: Awaited<ReturnType<typeof startResourceGateway>>;
let server: Awaited<ReturnType<typeof startListingServer>>;

beforeAll(async () => {
  database = await startResourceDatabase();
  home = await database.newHome();
  gateway = await startResourceGateway({ databaseUrl: database.databaseUrl, home });
}, 60_000);

afterAll(async () => {
  await gateway.stop();
  await database.close();
}, 60_000);

beforeEach(async () => {
  await server?.close();
  server = await startListingServer(["a/one", "b/two"]);
  await gateway.clear();
});

afterAll(() => server.close());

function put(name: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) {
  return gateway.call("PUT", `/upstreams/${name}`, { body: { base_url: server.url, ...more }, headers });
}

function names(): string[] {
  return gateway.upstreams.watch.list().map(({ name }) => name);
}

describe("upstreams", () => {
  it("are created with their models, listed by name, changed and removed", async () => {
    expect(await put("vllm", { keys: [{ name: "main", value: KEY }], headers: { "x-team": "blue" } })).toMatchObject({
      status: 200,
      json: {
        object: "upstream",
        name: "vllm",
        profile: "generic",
        keys: [{ name: "main", hint: "6789", created_at: expect.any(Number) }],
        headers: { "x-team": "blue" },
        listed_models: 2,
        listed_at: expect.any(Number),
        list_error: null,
        source: "resources",
      },
    });
    expect(server.askedWith).toEqual([`Bearer ${KEY}`]);
    expect(names()).toEqual(["vllm/a/one", "vllm/b/two"]);
    await put("another");
    expect(await gateway.call("GET", "/upstreams")).toMatchObject({
      json: { object: "list", data: [{ name: "another" }, { name: "vllm" }] },
    });
    expect(await put("vllm", { include: ["a/*"] })).toMatchObject({ json: { listed_models: 1, keys: [{ name: "main" }], headers: {} } });
    expect(names()).toEqual(["vllm/a/one", "another/a/one", "another/b/two"]);
    expect(await gateway.call("DELETE", "/upstreams/another")).toEqual({
      status: 200,
      headers: expect.anything(),
      json: { name: "another", object: "upstream", deleted: true },
    });
    expect(names()).toEqual(["vllm/a/one"]);
    expect(await gateway.call("GET", "/upstreams/another")).toMatchObject({ status: 404, json: { error: { code: "upstream_not_found" } } });
  });

  it("change only what the client has seen, where it says so", async () => {
    const { json, headers } = await put("vllm");
    expect(headers.etag).toBe(json.etag);
    expect(await put("vllm", { max_concurrent: 2 }, { "if-match": json.etag })).toMatchObject({ status: 200 });
    expect(await put("vllm", { max_concurrent: 3 }, { "if-match": json.etag })).toMatchObject({
      status: 409,
      json: { error: { code: "conflict", param: "if-match" } },
    });
    expect(await put("absent", {}, { "if-match": "*" })).toMatchObject({ status: 409 });
    const stale = { headers: { "if-match": json.etag } };
    expect(await gateway.call("DELETE", "/upstreams/vllm", stale)).toMatchObject({ status: 409 });
    expect(await gateway.call("GET", "/upstreams/vllm")).toMatchObject({ json: { max_concurrent: 2 } });
  });

  it("are not written where nothing changes: no gateway has to read anything", async () => {
    const body = { keys: [{ value: KEY }] };
    const { json } = await put("vllm", body);
    const version = await gateway.upstreams.store.version();
    expect((await put("vllm", body)).json).toEqual(json);
    expect(await gateway.upstreams.store.version()).toBe(version);
  });

  it("that cannot be asked for their models are kept, with the reason in words of ours", async () => {
    server.status = 401;
    const { json } = await put("vllm", { keys: [{ value: KEY }], models: [{ id: "own" }] });
    expect(json).toMatchObject({ listed_models: 0, list_error: "It refused the credentials (status 401)." });
    expect(names()).toEqual(["vllm/own"]);
    expect(JSON.stringify([json, gateway.logged])).not.toContain(KEY);
  });

  it("keep their last list where a new one cannot be read", async () => {
    await put("vllm");
    server.status = 500;
    expect(await gateway.call("POST", "/upstreams/vllm/refresh")).toMatchObject({
      status: 200,
      json: { listed_models: 2, list_error: expect.stringContaining("status 500") },
    });
    server.status = 200;
    server.models = [{ id: "c" }];
    expect(await gateway.call("POST", "/upstreams/vllm/refresh")).toMatchObject({ json: { listed_models: 1, list_error: null } });
    expect(names()).toEqual(["vllm/c"]);
    expect(await gateway.call("POST", "/upstreams/absent/refresh")).toMatchObject({ status: 404 });
  });

  it("are refused with the field at fault, and no word of a key", async () => {
    const refused: [object, string][] = [
      [{ keys: [{ name: "a", value: "canary secret" }] }, "keys[0].value"],
      [{ keys: [{ name: "a", value: "canary\u0000" }] }, "keys[0].value"],
      [{ keys: "canary" }, "keys"],
      [{ keys: [{ name: "Canary!", value: "x" }] }, "keys[0].name"],
      [{ headers: { authorization: "canary" } }, "headers.authorization"],
      [{ headers: { "x-team": "canary\u0007" } }, "headers.x-team"],
      [{ base_url: "https://user:canary@example.com/v1" }, "base_url"],
      [{ base_url: "https://example.com/v1?key=canary" }, "base_url"],
      [{ name: "other" }, "name"],
      [{ profile: "vllm2" }, "profile"],
      [{ timeouts: { connect: "soon" } }, "timeouts.connect"],
      [{ api_key: "canary" }, "api_key"],
    ];
    for (const [body, param] of refused) {
      const { status, json } = await put("vllm", body);
      expect([status, json.error.param]).toEqual([400, param]);
      expect(JSON.stringify(json)).not.toMatch(/canary(?!')/);
    }
    expect(await gateway.call("GET", "/upstreams")).toMatchObject({ json: { data: [] } });
  });

  it("lie in the database and in the home without a secret in the open", async () => {
    await put("vllm", { keys: [{ value: KEY }] });
    const { rows } = await gateway.connection.database.execute(sql`select * from upstream_keys, upstreams`);
    for (const kept of [JSON.stringify(rows), await readFile(join(home, "snapshot", "upstreams.json"), "utf8")]) {
      expect(kept).toContain("bf1.");
      expect(kept).not.toContain(KEY);
    }
  });
});

describe("the lists of upstreams", () => {
  it("are read again when they are an hour old, by one gateway alone, and failed ones sooner", async () => {
    const { database: rows } = gateway.connection;
    await put("fresh");
    await put("old");
    await put("failed");
    await put("own", { import_models: false });
    await rows.execute(sql`update upstreams set listed_at = now() - interval '61 minutes' where name in ('old', 'own')`);
    await rows.execute(sql`update upstreams set listed_at = now() - interval '2 minutes', list_error = 'x' where name = 'failed'`);
    const claimed = await Promise.all([gateway.upstreams.store.claimDueLists(), gateway.upstreams.store.claimDueLists()]);
    expect(claimed.flat().sort()).toEqual(["failed", "old"]);
  });

  it("that are too long are taken in part, and read again no sooner than others", async () => {
    server.models = Array.from({ length: 5_003 }, (_, index) => ({ id: `m${index}` }));
    expect(await put("huge")).toMatchObject({ json: { listed_models: 5_000, list_error: expect.stringContaining("3 are not") } });
    await gateway.connection.database.execute(sql`update upstreams set listed_at = now() - interval '2 minutes'`);
    expect(await gateway.upstreams.store.claimDueLists()).toEqual([]);
  });

  it("raise no version where they say what they said before", async () => {
    await put("vllm");
    const version = await gateway.upstreams.store.version();
    await gateway.call("POST", "/upstreams/vllm/refresh");
    expect(await gateway.upstreams.store.version()).toBe(version);
    server.models = [{ id: "c" }];
    await gateway.call("POST", "/upstreams/vllm/refresh");
    expect(await gateway.upstreams.store.version()).toBe(version + 1);
  });
});

describe("an upstream whose keys are changed", () => {
  it("is asked with the new ones from then on", async () => {
    await put("vllm", { keys: [{ value: "first-key" }] });
    await put("vllm", { keys: [{ value: "second-key" }] });
    await until(() => server.askedWith.length >= 2);
    expect(server.askedWith).toEqual(["Bearer first-key", "Bearer second-key"]);
  });
});

describe("rotating the root secret", () => {
  it("seals all keys anew, which go on working, also when it is done again and again", async () => {
    await put("vllm", { keys: [{ value: KEY }] });
    for (let turn = 0; turn < 3; turn++) {
      expect(await gateway.call("POST", "/secrets/rotate", { body: {} })).toMatchObject({
        status: 200,
        json: { object: "secret_rotation", root: "file", sealed: 1, resealed: 1 },
      });
      await gateway.call("POST", "/upstreams/vllm/refresh");
    }
    expect(new Set(server.askedWith)).toEqual(new Set([`Bearer ${KEY}`]));
    expect(await put("vllm", { keys: [{ value: KEY }] })).toMatchObject({ json: { keys: [{ hint: "6789" }] } });
  });

  it("says so where a key cannot be opened, and changes nothing", async () => {
    await put("vllm", { keys: [{ value: KEY }] });
    const stranger = await startResourceGateway({ databaseUrl: database.databaseUrl, home: await database.newHome() });
    expect(await stranger.call("POST", "/secrets/rotate", { body: {} })).toMatchObject({
      status: 409,
      json: { error: { code: "conflict" } },
    });
    await stranger.stop();
    expect(await gateway.call("POST", "/upstreams/vllm/refresh")).toMatchObject({ json: { list_error: null } });
  });
});
