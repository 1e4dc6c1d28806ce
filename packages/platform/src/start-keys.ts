import type { CreatedKey } from "@bonfire/protocol/keys";
import { KeySnapshot } from "./access/key-snapshot.ts";
import { keySnapshotFile } from "./access/key-snapshot-file.ts";
import { KeyStore } from "./access/key-store.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { snapshotPlace } from "./snapshot-place.ts";
import type { DatabaseConnection } from "./storage/database.ts";

export interface Keys {
  readonly store: KeyStore;
  readonly snapshot: KeySnapshot;
}

/** @throws when the database is away and no young enough copy of its keys lies in the home. */
export async function startKeys(options: PlatformOptions, connection: DatabaseConnection, lifetime: Lifetime): Promise<Keys> {
  const { logger } = options;
  const store = new KeyStore(connection.database);
  const snapshot = new KeySnapshot(
    store,
    (error) => logger.warn({ err: error }, "keys could not be refreshed or saved; the known ones stay valid"),
    {
      file: keySnapshotFile(snapshotPlace(options, "keys", connection)),
      isAway: () => connection.state().status !== "up",
      onChange: (listener) => connection.onChange("keys", listener),
    },
  );
  const source = await snapshot.start();
  lifetime.add("key snapshot", () => snapshot.stop());
  if (source === "file") logger.warn("the database is away: the keys of the last run are used until it is back");
  return { store, snapshot };
}

/** A chosen key is there from now on; otherwise one is made where there is none at all. While the database is away, a chosen one has to wait. */
export async function ensureFirstKey(
  options: PlatformOptions,
  connection: DatabaseConnection,
  keys: Keys,
): Promise<CreatedKey | undefined> {
  const { bootstrapKey } = options.config;
  const isUp = connection.state().status === "up";
  if (bootstrapKey === undefined) return isUp ? makeFirstKey(keys) : undefined;
  const added = connection.ready.then(() => addChosenKey(bootstrapKey, options, keys));
  if (isUp) await added;
  else added.catch((error: unknown) => options.logger.error({ err: error }, "the key in BONFIRE_BOOTSTRAP_KEY could not be added"));
  return undefined;
}

async function makeFirstKey({ store, snapshot }: Keys): Promise<CreatedKey | undefined> {
  if ((await store.count()) > 0) return undefined;
  const created = await store.create({ name: "first key", role: "admin" });
  await snapshot.refresh();
  return created;
}

async function addChosenKey(secret: string, { logger }: PlatformOptions, { store, snapshot }: Keys): Promise<void> {
  const isNew = await store.ensure({ name: "bootstrap", role: "admin", secret });
  if (isNew) logger.info("the key in BONFIRE_BOOTSTRAP_KEY was added");
  await snapshot.refresh();
}
