import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { connectDatabase, type DatabaseConnection, openDatabase } from "../storage/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../storage/embedded-postgres.ts";
import { SNAPSHOT_MAX_AGE_MS } from "../storage/snapshot-file.ts";
import { KeySnapshot } from "./key-snapshot.ts";
import { keySnapshotFile } from "./key-snapshot-file.ts";
import { KeyStore } from "./key-store.ts";

const TIMEOUT_MS = 60_000;
const UNAVAILABLE = expect.objectContaining({ code: "database_unavailable", status: 503 });
const UNKNOWN = expect.objectContaining({ code: "invalid_api_key", status: 401 });
/** Longer than any test. */
const NEVER_MS = 1_000_000;

let directory: string;
let path: string;
let postgres: EmbeddedPostgres;
let connection: DatabaseConnection;
let store: KeyStore;
let failures: unknown[] = [];
/** What ends what a test started. */
const endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bonfire-keys-"));
  await startServer();
  connection = await openDatabase(postgres.databaseUrl, () => undefined);
  store = new KeyStore(connection.database);
}, TIMEOUT_MS);

afterAll(async () => {
  await connection.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}, TIMEOUT_MS);

beforeEach(async () => {
  failures = [];
  path = join(await mkdtemp(join(directory, "home-")), "snapshot", "keys.json");
});

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function startServer(): Promise<void> {
  postgres = await startEmbeddedPostgres({ directory: join(directory, "postgres"), log: () => undefined });
}

interface Gateway {
  readonly connection: DatabaseConnection;
  readonly store: KeyStore;
  readonly snapshot: KeySnapshot;
}

/** What one platform has of keys, with a connection of its own. */
async function gateway(options: { now?: () => number; pollMs?: number } = {}): Promise<Gateway> {
  const own = connectDatabase({ url: postgres.databaseUrl, name: "the database of DATABASE_URL", onState: () => undefined });
  endings.push(() => own.close());
  await own.tried;
  const file = keySnapshotFile({ path, database: own.target });
  const snapshot = new KeySnapshot(new KeyStore(own.database), (error) => failures.push(error), {
    file,
    isAway: () => own.state().status !== "up",
    onChange: (listener) => own.onChange("keys", listener),
    ...options,
  });
  endings.push(() => snapshot.stop());
  return { connection: own, store: new KeyStore(own.database), snapshot };
}

const newKey = (name: string) => store.create({ name, role: "inference" });

function knows({ snapshot }: Gateway, secret: string): boolean {
  try {
    return snapshot.authenticate(secret).keyId !== "";
  } catch {
    return false;
  }
}

/** Keys of a run before this one, whose database is away now. */
async function afterARunWith(secretOf: string, options: { now?: () => number } = {}): Promise<string> {
  const { key } = await newKey(secretOf);
  const before = await gateway(options);
  await before.snapshot.start();
  for (const end of endings.splice(0).reverse()) await end();
  await postgres.stop();
  return key;
}

describe("the keys in memory", { timeout: TIMEOUT_MS }, () => {
  it("know a key as soon as they are refreshed, and forget it when it is revoked", async () => {
    const snapshot = new KeySnapshot(store, () => undefined);
    await snapshot.refresh();
    const { id, key } = await newKey("app");
    expect(() => snapshot.authenticate(key)).toThrow(UNKNOWN);
    await snapshot.refresh();
    expect(snapshot.authenticate(key)).toMatchObject({ keyId: id, role: "inference", projectId: "proj_default" });
    await store.revoke(id);
    await snapshot.refresh();
    expect(() => snapshot.authenticate(key)).toThrow(UNKNOWN);
  });

  it("see what another platform changed by asking, where nothing is announced to them", async () => {
    const snapshot = new KeySnapshot(store, () => undefined);
    await snapshot.start();
    endings.push(() => snapshot.stop());
    const { id, key } = await newKey("elsewhere");
    await until(() => {
      try {
        return snapshot.authenticate(key).keyId === id;
      } catch {
        return false;
      }
    });
  });

  it("hear of a revocation by another platform without asking", async () => {
    const [first, second] = [await gateway({ pollMs: NEVER_MS }), await gateway({ pollMs: NEVER_MS })];
    await Promise.all([first.snapshot.start(), second.snapshot.start()]);
    const { id, key } = await first.store.create({ name: "shared", role: "inference" });
    await until(() => knows(first, key) && knows(second, key));
    await first.store.revoke(id);
    await until(() => !knows(first, key) && !knows(second, key));
    expect(() => second.snapshot.authenticate(key)).toThrow(UNKNOWN);
  });

  it("catch up with what was announced while they could not listen", async () => {
    const one = await gateway({ pollMs: NEVER_MS });
    await one.snapshot.start();
    const before = one.connection.state().since;
    await connection.database.execute(
      `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen bonfire' and pid <> pg_backend_pid()`,
    );
    const { key } = await newKey("unheard");
    await until(() => knows(one, key));
    expect(one.connection.state().since).not.toBe(before);
  });

  it("serve known keys while the database is away, and call the others unchecked rather than wrong", async () => {
    const one = await gateway();
    const { key } = await newKey("known");
    await one.snapshot.start();
    await postgres.stop();
    await expect(one.snapshot.refresh()).rejects.toThrow();
    expect(knows(one, key)).toBe(true);
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNAVAILABLE);
    await expect(one.snapshot.refresh()).rejects.toThrow();
    expect(failures).toHaveLength(1);

    await startServer();
    await until(() => one.connection.state().status === "up");
    await one.snapshot.refresh();
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNKNOWN);
  });

  it("call unknown ones unchecked as soon as the connection has noticed the outage, before the next look", async () => {
    const one = await gateway({ pollMs: NEVER_MS });
    await one.snapshot.start();
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNKNOWN);
    await postgres.stop();
    await until(() => one.connection.state().status === "down");
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNAVAILABLE);
    await startServer();
  });

  it("refuse every key after 24 hours without the database, and serve it again when that is back", async () => {
    let now = Date.now();
    const one = await gateway({ now: () => now });
    const { key } = await newKey("known");
    await one.snapshot.start();
    await postgres.stop();
    await expect(one.snapshot.refresh()).rejects.toThrow();
    now += SNAPSHOT_MAX_AGE_MS - 1_000;
    expect(knows(one, key)).toBe(true);
    now += 2_000;
    expect(() => one.snapshot.authenticate(key)).toThrow(UNAVAILABLE);
    await startServer();
    await until(() => knows(one, key));
  });
});

describe("the keys on disk", { timeout: TIMEOUT_MS }, () => {
  it("hold no secret", async () => {
    const { key } = await newKey("hidden");
    await (await gateway()).snapshot.start();
    const saved = await readFile(path, "utf8");
    expect(saved).toContain('"hidden"');
    expect(saved).not.toContain(key);
    expect(saved).not.toContain(key.slice(0, 9));
  });

  it("follow every change: a key that is revoked is off the disk when the revocation is answered", async () => {
    const one = await gateway();
    const { id } = await newKey("short-lived");
    await one.snapshot.start();
    expect(await readFile(path, "utf8")).toContain(id);
    await store.revoke(id);
    await one.snapshot.refresh();
    expect(await readFile(path, "utf8")).not.toContain(id);
  });

  it("stay young while nothing changes", async () => {
    let now = Date.now();
    const one = await gateway({ now: () => now, pollMs: NEVER_MS });
    await one.snapshot.start();
    now += SNAPSHOT_MAX_AGE_MS;
    await one.snapshot.refresh();
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ current_at: now });
    now += 1_000;
    await one.snapshot.refresh();
    await one.snapshot.stop();
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ current_at: now });
  });

  it("serve a start without the database, which takes over as soon as it is there", async () => {
    const key = await afterARunWith("kept");
    const one = await gateway();
    expect(await one.snapshot.start()).toBe("file");
    expect(knows(one, key)).toBe(true);
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNAVAILABLE);
    await expect(one.store.create({ name: "too early", role: "admin" })).rejects.toThrow("The database of DATABASE_URL");

    await startServer();
    await one.connection.ready;
    await until(async () => (await one.store.count()) > 0);
    const { id, key: later } = await one.store.create({ name: "in time", role: "inference" });
    await until(() => knows(one, later));
    await one.store.revoke(id);
    await until(() => !knows(one, later));
    expect(() => one.snapshot.authenticate("bf-unknown")).toThrow(UNKNOWN);
  });

  it("do not bring back what was revoked while this platform was down", async () => {
    const { id, key } = await newKey("revoked meanwhile");
    const before = await gateway();
    await before.snapshot.start();
    for (const end of endings.splice(0).reverse()) await end();
    await store.revoke(id);
    const one = await gateway();
    expect(await one.snapshot.start()).toBe("database");
    expect(() => one.snapshot.authenticate(key)).toThrow(UNKNOWN);
  });

  it("help no start after more than 24 hours, which fails with what is wrong with both", async () => {
    const start = Date.now();
    await afterARunWith("old", { now: () => start - SNAPSHOT_MAX_AGE_MS - 60_000 });
    const one = await gateway();
    await expect(one.snapshot.start()).rejects.toThrow(
      /^The database of DATABASE_URL \(.*\) cannot be reached: .*\. The keys of the last run cannot stand in for it: .* more than 24 hours ago/,
    );
    await startServer();
  });
});
