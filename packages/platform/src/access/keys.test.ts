import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DatabaseConnection, openDatabase } from "../storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../storage/embedded-postgres.ts";
import { KeyStore } from "./key-store.ts";

describe("keys in a database", () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  let connection: DatabaseConnection;
  let store: KeyStore;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "bonfire-keys-"));
    postgres = await startEmbeddedPostgres({ directory, log: () => undefined });
    connection = await openDatabase(postgres.databaseUrl, () => undefined);
    store = new KeyStore(connection.database);
  }, 60_000);
  afterAll(async () => {
    await connection.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("migrates an empty database, once, also when several platforms start together", async () => {
    const others = await Promise.all([1, 2, 3].map(() => openDatabase(postgres.databaseUrl, () => undefined)));
    const { rows } = await connection.database.execute(
      sql`select count(*)::int as applied, count(distinct hash)::int as different from drizzle.__drizzle_migrations`,
    );
    const migrations = readdirSync(new URL("../../migrations", import.meta.url)).filter((name) => name.endsWith(".sql")).length;
    expect(rows).toEqual([{ applied: migrations, different: migrations }]);
    await Promise.all(others.map((other) => other.close()));
  });

  it("stores no secret, only its hash", async () => {
    const { key } = await store.create({ name: "hidden", role: "inference" });
    const { rows } = await connection.database.execute(sql`select * from api_keys where name = 'hidden'`);
    expect(JSON.stringify(rows)).not.toContain(key);
    expect(JSON.stringify(rows)).toContain("sha256");
  });

  it("remembers whose API a key's client was written for, where it is told", async () => {
    const plain = await store.create({ name: "anybody's", role: "inference" });
    const migrated = await store.create({ name: "a migrated one", role: "inference", dialect: "together" });
    expect([plain.dialect, migrated.dialect]).toEqual([null, "together"]);
    const listed = (await store.list({ limit: 100, after: undefined })).keys.find(({ id }) => id === migrated.id);
    expect(listed?.dialect).toBe("together");
    const callers = [...(await store.known()).entries.values()];
    expect(callers.find(({ keyId }) => keyId === migrated.id)).toMatchObject({ dialect: "together" });
    expect(callers.find(({ keyId }) => keyId === plain.id)).not.toHaveProperty("dialect");
  });

  it("lists keys in the order of their creation, a page at a time", async () => {
    const made = [];
    for (const name of ["a", "b", "c"]) made.push((await store.create({ name, role: "inference" })).id);
    const all = (await store.list({ limit: 100, after: undefined })).keys.map((key) => key.id);
    const position = all.indexOf(made[0] ?? "");
    expect(all.slice(position, position + 3)).toEqual(made);
    const page = await store.list({ limit: 1, after: made[0] });
    expect(page.keys.map((key) => key.id)).toEqual([made[1]]);
    expect(page.hasMore).toBe(true);
  });

  it("revokes a key once", async () => {
    const { id } = await store.create({ name: "short-lived", role: "inference" });
    expect(await store.revoke(id)).toBe(true);
    expect(await store.revoke(id)).toBe(false);
    expect(await store.revoke("key_unknown")).toBe(false);
    expect((await store.list({ limit: 100, after: undefined })).keys.find((key) => key.id === id)?.revoked_at).toBeTypeOf("number");
  });

  it("does not bring a revoked key back when it is asked for again", async () => {
    const secret = "a-chosen-secret-of-enough-length";
    expect(await store.ensure({ name: "bootstrap", role: "admin", secret })).toBe(true);
    const { keys } = await store.list({ limit: 100, after: undefined });
    await store.revoke(keys.find((key) => key.name === "bootstrap")?.id ?? "");
    expect(await store.ensure({ name: "bootstrap", role: "admin", secret })).toBe(false);
    expect((await store.known()).entries.size).toBe(keys.filter((key) => key.revoked_at === null).length - 1);
  });

  it("refuses to start on a schema that is newer than the program", async () => {
    await connection.database.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 99999999999999)`);
    await expect(openDatabase(postgres.databaseUrl, () => undefined)).rejects.toThrow("newer version");
    await connection.database.execute(sql`delete from drizzle.__drizzle_migrations where hash = 'future'`);
  });
});
