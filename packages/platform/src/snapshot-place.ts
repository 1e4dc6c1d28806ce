import { join } from "node:path";
import type { PlatformOptions } from "./platform-options.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import type { SnapshotPlace } from "./storage/snapshot-file.ts";
import type { SnapshotKind } from "./storage/snapshot-version.ts";

/** Where what is known of the database lies for a start without it. One process of a platform writes it: several would get in each other's way. */
export function snapshotPlace(
  { config, worker }: Pick<PlatformOptions, "config" | "worker">,
  kind: SnapshotKind,
  { target }: Pick<DatabaseConnection, "target">,
): SnapshotPlace {
  return { path: join(config.home, "snapshot", `${kind}.json`), database: target, isReadOnly: worker !== undefined };
}
