import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startListingServer } from "../upstreams/testing/listing-server.ts";
import { startResourceDatabase, startResourceGateway } from "./testing/resource-gateway.ts";

const KEY = "canary-key-0123456789";

let database: Awaited<ReturnType<typeof startResourceDatabase>>;
let gateway: Awaited<ReturnType<typeof startResourceGateway>>;
let server: Awaited<ReturnType<typeof startListingServer>>;
let file: { readonly upstreams: readonly object[]; readonly routes: readonly object[]; readonly aliases: readonly object[] };

beforeAll(async () => {
  database = await startResourceDatabase();
  gateway = await startResourceGateway({ databaseUrl: database.databaseUrl, home: await database.newHome() });
  server = await startListingServer(["llama"]);
  file = {
    upstreams: [{ name: "vllm", base_url: server.url, keys: [{ value: KEY }] }],
    routes: [{ model: "gpt-4o", groups: [{ deployments: [{ deployment: "vllm/llama" }] }] }],
    aliases: [{ name: "small", model: "org/small" }],
  };
}, 60_000);

afterAll(async () => {
  await gateway.stop();
  await server.close();
  await database.close();
}, 60_000);

beforeEach(() => gateway.clear());

function apply(resources: object, more: object = {}) {
  return gateway.call("POST", "/apply", { body: { resources, ...more } });
}

async function kept() {
  const stored = await Promise.all([gateway.upstreams.store.list(), gateway.routes.store.list(), gateway.aliases.store.list()]);
  return [[...stored[0].keys()], [...stored[1].keys()], stored[2].map(({ name }) => name)];
}

describe("applying a file", () => {
  it("makes all of it, tells each change, and counts at once", async () => {
    const { status, json } = await apply(file);
    expect([status, json]).toMatchObject([
      200,
      {
        object: "apply_result",
        applied: true,
        warnings: [],
        changes: [
          { kind: "upstream", name: "vllm", action: "create" },
          { kind: "route", name: "gpt-4o", action: "create" },
          { kind: "alias", name: "small", action: "create", fields: [{ path: "model", before: null, after: "org/small" }] },
        ],
      },
    ]);
    expect(json.changes[0].fields).toContainEqual({ path: "keys.default", before: null, after: "…6789" });
    expect(JSON.stringify(json)).not.toContain(KEY);
    expect(gateway.upstreams.watch.find("vllm/llama")?.model).toBe("llama");
    expect(gateway.routes.table.exact("gpt-4o")).toBeDefined();
    expect([...gateway.aliases.snapshot.entries]).toEqual([["small", "org/small"]]);
  });

  it("changes nothing the second time, not even a version", async () => {
    await apply(file);
    const versions = () => gateway.connection.database.execute(sql`select * from snapshot_versions order by kind`);
    const { rows } = await versions();
    const { json } = await apply(file, { prune: true });
    expect(json.applied).toBe(false);
    expect(new Set(json.changes.map(({ action }: { action: string }) => action))).toEqual(new Set(["unchanged"]));
    expect((await versions()).rows).toEqual(rows);
  });

  it("only tells what would change, where that is what is asked for", async () => {
    expect((await apply(file, { dry_run: true })).json).toMatchObject({
      applied: false,
      warnings: [],
      changes: [{ action: "create" }, {}, {}],
    });
    expect(await kept()).toEqual([[], [], []]);
  });

  it("removes what does not stand in it, where that is asked for and its kind does", async () => {
    await apply(file);
    expect((await apply({ routes: [] })).json.changes).toEqual([]);
    expect((await apply({ routes: [], aliases: [] }, { prune: true })).json.changes).toMatchObject([
      { kind: "route", name: "gpt-4o", action: "delete" },
      { kind: "alias", name: "small", action: "delete" },
    ]);
    expect(await kept()).toEqual([["vllm"], [], []]);
  });

  it("warns of what will not work as it stands", async () => {
    const routes = [{ model: "m", groups: [{ deployments: ["vllm/gone", "absent/x", "local/y"].map((deployment) => ({ deployment })) }] }];
    expect((await apply({ ...file, routes })).json.warnings).toEqual([
      "The route 'm' leads to the upstream 'absent', which does not exist.",
      "The route 'm' leads to 'vllm/gone', which is not there now.",
      "The route 'm' leads to 'local/y', which is not there now.",
    ]);
  });

  it.each([
    ["a fault in its last line", { aliases: [{ name: "a b", model: "x" }] }, "resources.aliases[0].name"],
    [
      "an alias of an alias",
      {
        aliases: [
          { name: "x", model: "y" },
          { name: "y", model: "z" },
        ],
      },
      "resources.aliases[0].model",
    ],
    [
      "a key that nothing can carry",
      { upstreams: [{ name: "v", base_url: "http://a/v1", keys: [{ value: "canary key" }] }] },
      "keys[0].value",
    ],
    ["a key that is none", { upstreams: [{ name: "v", base_url: "http://a/v1", keys: [{ value: 5 }] }] }, "keys[0].value"],
    ["an unknown kind", { models: [] }, "resources.models"],
  ])("changes nothing at all with %s", async (_, wrong, param) => {
    const { status, json } = await apply({ ...file, ...wrong });
    expect([status, json.error.param]).toEqual([400, expect.stringContaining(param)]);
    expect(JSON.stringify(json)).not.toContain("canary");
    expect(await kept()).toEqual([[], [], []]);
  });

  it("is all or nothing also where the database gives up in the middle", async () => {
    const { database: rows } = gateway.connection;
    await rows.execute(sql`alter table model_aliases add constraint refused check (name <> 'small')`);
    try {
      expect(await apply(file)).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
      expect(await kept()).toEqual([[], [], []]);
    } finally {
      await rows.execute(sql`alter table model_aliases drop constraint refused`);
    }
  });

  it("does not mix with another file that is applied at the same time, nor with single changes", async () => {
    const upstreams = ["one", "two", "three"].map((name) => ({ name, base_url: server.url, import_models: false }));
    const files = upstreams.map((upstream) => ({ upstreams: [upstream], routes: [{ ...file.routes[0], model: upstream.name }] }));
    const single = (name: string) => gateway.call("PUT", `/upstreams/${name}`, { body: { base_url: server.url, import_models: false } });
    const answers = await Promise.all([...files.map((one) => apply(one, { prune: true })), single("one"), single("four")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const [, routes] = await kept();
    expect(routes).toHaveLength(1);
  });

  it("of thousands of routes is done at once", async () => {
    const routes = Array.from({ length: 3_000 }, (_, index) => ({ ...file.routes[0], model: `m${index}` }));
    expect((await apply({ routes })).json.changes).toHaveLength(3_000);
    expect(gateway.routes.table.routes.size).toBe(3_000);
    expect((await apply({ routes: [] }, { prune: true })).json.changes).toHaveLength(3_000);
  });
});
