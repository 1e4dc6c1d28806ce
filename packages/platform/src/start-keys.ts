import { join } from "node:path";
import type { CreatedKey } from "@bonfire/protocol/keys";
import { KeySnapshot } from "./access/key-snapshot.ts";
import { KeySnapshotFile } from "./access/key-snapshot-file.ts";
import { KeyStore } from "./access/key-store.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import type { DatabaseConnection } from "./storage/database.ts";

export interface Keys {
  readonly store: KeyStore;
  readonly snapshot: KeySnapshot;
}

/** @throws when the database is away and no young enough copy of its keys lies in the home. */
export async function startKeys({ config, logger }: PlatformOptions, connection: DatabaseConnection, lifetime: Lifetime): Promise<Keys> {
  const store = new KeyStore(connection.database);
  const snapshot = new KeySnapshot(
    store,
    (error) => logger.warn({ err: error }, "keys could not be refreshed or saved; the known ones stay valid"),
    {
      file: new KeySnapshotFile({ path: join(config.home, "snapshot", "keys.json"), database: connection.target }),
      onChange: (listener) => connection.onChange("keys", listener),
    },
  );
  const source = await snapshot.start();
  lifetime.add("key snapshot", () => snapshot.stop());
  if (source === "file") logger.warn("the database is away: the keys of the last run are used until it is back");
  return { store, snapshot };
}

/** A chosen key is there from now on; otherwise one is made where there is none at all. Nothing is made while the database is away. */
export async function ensureFirstKey(
  { config: { bootstrapKey }, logger }: PlatformOptions,
  connection: DatabaseConnection,
  { store, snapshot }: Keys,
): Promise<CreatedKey | undefined> {
  if (connection.state().status !== "up") return undefined;
  let created: CreatedKey | undefined;
  if (bootstrapKey !== undefined) {
    const isNew = await store.ensure({ name: "bootstrap", role: "admin", secret: bootstrapKey });
    if (isNew) logger.info("the key in BONFIRE_BOOTSTRAP_KEY was added");
  } else if ((await store.count()) === 0) created = await store.create({ name: "first key", role: "admin" });
  await snapshot.refresh();
  return created;
}
