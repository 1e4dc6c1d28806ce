import { aliasSnapshotFile } from "./aliases/alias-snapshot-file.ts";
import { AliasStore } from "./aliases/alias-store.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { snapshotPlace } from "./snapshot-place.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import { Snapshot } from "./storage/snapshot.ts";

export interface Aliases {
  readonly store: AliasStore;
  readonly snapshot: Snapshot<string>;
}

/** Also where the database is away and no copy of its aliases lies in the home: then there are none until it is back. */
export async function startAliases(options: PlatformOptions, connection: DatabaseConnection, lifetime: Lifetime): Promise<Aliases> {
  const { logger } = options;
  const store = new AliasStore(connection.database);
  const snapshot = new Snapshot(
    "aliases",
    store,
    (error) => logger.warn({ err: error }, "aliases could not be refreshed or saved; the known ones go on working"),
    {
      file: aliasSnapshotFile(snapshotPlace(options, "aliases", connection)),
      onChange: (listener) => connection.onChange("aliases", listener),
    },
  );
  await snapshot.load().catch((error: unknown) => logger.warn({ err: error }, "aliases are unknown until the database is back"));
  snapshot.follow();
  lifetime.add("alias snapshot", () => snapshot.stop());
  return { store, snapshot };
}
