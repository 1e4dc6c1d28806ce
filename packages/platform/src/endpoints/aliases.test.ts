import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aliasSnapshotFile } from "../aliases/alias-snapshot-file.ts";
import { AliasStore } from "../aliases/alias-store.ts";
import { createHttpServer } from "../http/http-server.ts";
import { UNOBSERVED } from "../http/testing/unobserved.ts";
import { ModelDirectory } from "../serving/model-directory.ts";
import { readyDeployment } from "../serving/testing/serve-client.ts";
import { type DatabaseConnection, openDatabase } from "../storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../storage/embedded-postgres.ts";
import { modelAliases } from "../storage/schema.ts";
import { Snapshot } from "../storage/snapshot.ts";
import { listAliases, putAlias, removeAlias } from "./aliases.ts";

let folder: string;
let postgres: EmbeddedPostgres;
let connection: DatabaseConnection;
let store: AliasStore;
let snapshot: Snapshot<string>;
const NOBODY_ASKS = () => Promise.reject(new Error("Nobody asks for it."));
let directory: ModelDirectory;
let app: FastifyInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-aliases-"));
  postgres = await startEmbeddedPostgres({ directory: join(folder, "postgres"), log: () => undefined });
  connection = await openDatabase(postgres.databaseUrl, () => undefined);
}, 60_000);

afterAll(async () => {
  await connection.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  await connection.database.delete(modelAliases);
  store = new AliasStore(connection.database);
  snapshot = new Snapshot("aliases", store, () => undefined);
  directory = new ModelDirectory();
  directory.useAliases(() => snapshot.entries);
  directory.add({ id: "m", aliases: ["smollm2"], deployment: readyDeployment(NOBODY_ASKS) });
  const administration = { store, snapshot, directory, models: { list: async () => [] } };
  app = createHttpServer({
    endpoints: [listAliases(administration), putAlias(administration), removeAlias(administration)],
    ...UNOBSERVED,
    bodyLimitBytes: 10_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
});

async function call(method: "GET" | "PUT" | "DELETE", path: string, body?: object): Promise<{ status: number; json: unknown }> {
  const answer = await app.inject({ method, url: `/admin/v1/aliases${path}`, ...(body === undefined ? {} : { payload: body }) });
  return { status: answer.statusCode, json: answer.json() };
}

describe("aliases", () => {
  it("are made, listed by name, changed and removed, and count at once", async () => {
    expect(await call("PUT", "/openai/gpt-oss-20b", { model: "m" })).toEqual({
      status: 200,
      json: { name: "openai/gpt-oss-20b", object: "model_alias", model: "m", served: true, created_at: expect.any(Number) },
    });
    expect(directory.find("openai/gpt-oss-20b").id).toBe("m");
    await call("PUT", "/gpt-4o", { model: "later" });
    expect(await call("GET", "")).toMatchObject({
      status: 200,
      json: { object: "list", data: [{ name: "gpt-4o" }, { name: "openai/gpt-oss-20b" }] },
    });
    expect(await call("PUT", "/openai/gpt-oss-20b", { model: "another" })).toMatchObject({ json: { model: "another", served: false } });
    expect(() => directory.find("openai/gpt-oss-20b")).toThrow("does not exist");
    expect(await call("DELETE", "/openai%2Fgpt-oss-20b")).toEqual({
      status: 200,
      json: { name: "openai/gpt-oss-20b", object: "model_alias", deleted: true },
    });
    expect([...snapshot.entries.keys()]).toEqual(["gpt-4o"]);
  });

  it("may stand for a model that is not there, which the answer says", async () => {
    expect(await call("PUT", "/gpt-4o", { model: "later" })).toMatchObject({ status: 200, json: { model: "later", served: false } });
    expect(await call("GET", "")).toMatchObject({ json: { data: [{ name: "gpt-4o", served: false }] } });
  });

  it("are not served while a model has their name itself", async () => {
    await call("PUT", "/gpt-4o", { model: "m" });
    directory.add({ id: "gpt-4o", aliases: [], deployment: readyDeployment(NOBODY_ASKS, { name: "test/gpt-4o", model: "gpt-4o" }) });
    expect(await call("GET", "")).toMatchObject({ json: { data: [{ name: "gpt-4o", model: "m", served: false }] } });
  });

  it("keep a model's id where they were made with a name of its own", async () => {
    expect(await call("PUT", "/gpt-4o", { model: "smollm2" })).toMatchObject({ json: { model: "m", served: true } });
  });

  it.each([
    ["a name of a served model", "/smollm2", { model: "m" }, { code: "invalid_value", param: "name" }],
    ["a wildcard", "/gpt-*", { model: "m" }, { code: "invalid_value", param: "name" }],
    ["a name with an empty part", "/openai%2F%2Fgpt", { model: "m" }, { code: "invalid_value", param: "name" }],
    ["a name that paths cannot keep", "/openai%2F..%2Fgpt", { model: "m" }, { code: "invalid_value", param: "name" }],
    ["a name that is too long", `/${"x".repeat(201)}`, { model: "m" }, { code: "invalid_value", param: "name" }],
    ["no model", "/gpt-4o", {}, { code: "missing_required_parameter", param: "model" }],
    ["an unknown field", "/gpt-4o", { model: "m", weight: 1 }, { code: "unknown_parameter", param: "weight" }],
  ])("are refused with %s", async (_, path, body, error) => {
    expect(await call("PUT", path, body)).toMatchObject({ status: 400, json: { error } });
    expect(await store.list()).toEqual([]);
  });

  it("that stand for other aliases are refused", async () => {
    await call("PUT", "/gpt-4o", { model: "m" });
    expect(await call("PUT", "/gpt-4", { model: "gpt-4o" })).toMatchObject({ status: 400, json: { error: { param: "model" } } });
  });

  it.each([["/gpt-4o"], ["/a%00b"], ["/%20"]])("that do not exist cannot be removed: %s", async (path) => {
    expect(await call("DELETE", path)).toMatchObject({ status: 404, json: { error: { code: "alias_not_found" } } });
  });
});

describe("aliases of a platform whose database is away", () => {
  it("are those that were saved last, at its start as well", async () => {
    const place = { path: join(folder, "snapshot", "aliases.json"), database: connection.target };
    await store.set("gpt-4o", "m");
    const before = new Snapshot("aliases", store, () => undefined, { file: aliasSnapshotFile(place) });
    expect(await before.load()).toBe("database");
    const away = {
      version: () => Promise.reject(new Error("The database is away.")),
      known: () => Promise.reject(new Error("The database is away.")),
    };
    const after = new Snapshot("aliases", away, () => undefined, { file: aliasSnapshotFile(place) });
    expect(await after.load()).toBe("file");
    expect([...after.entries]).toEqual([["gpt-4o", "m"]]);
  });

  it("cannot be changed", async () => {
    const away = await openDatabase(postgres.databaseUrl, () => undefined);
    const administration = { store: new AliasStore(away.database), snapshot, directory, models: { list: async () => [] } };
    await away.close();
    app = createHttpServer({
      endpoints: [putAlias(administration)],
      ...UNOBSERVED,
      bodyLimitBytes: 10_000,
      keepAliveMs: 15_000,
      shutdown: new AbortController().signal,
    });
    expect(await call("PUT", "/gpt-4o", { model: "m" })).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
  });
});
