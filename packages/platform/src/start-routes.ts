import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { DrainedDeployments } from "./routing/drained-deployments.ts";
import { type RoutingEntry, routeSnapshotFile } from "./routing/route-snapshot-file.ts";
import { RouteSnapshotSource } from "./routing/route-snapshot-source.ts";
import { RouteStore } from "./routing/route-store.ts";
import { RouteTable } from "./routing/route-table.ts";
import { snapshotPlace } from "./snapshot-place.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import { Snapshot } from "./storage/snapshot.ts";

export interface StartedRoutes {
  readonly store: RouteStore;
  readonly drained: DrainedDeployments;
  /** Both of them, in memory. */
  readonly table: RouteTable;
  /** Takes over what the database holds now. */
  readonly refresh: () => Promise<void>;
}

/** Also where the database is away and no copy of its routes lies in the home: then there are none until it is back. */
export async function startRoutes(options: PlatformOptions, connection: DatabaseConnection, lifetime: Lifetime): Promise<StartedRoutes> {
  const { logger } = options;
  const snapshot = new Snapshot<RoutingEntry>(
    "routes",
    new RouteSnapshotSource(connection.database),
    (error) => logger.warn({ err: error }, "routes could not be refreshed or saved; the known ones go on working"),
    {
      file: routeSnapshotFile(snapshotPlace(options, "routes", connection)),
      onChange: (listener) => connection.onChange("routes", listener),
    },
  );
  await snapshot.load().catch((error: unknown) => logger.warn({ err: error }, "routes are unknown until the database is back"));
  snapshot.follow();
  lifetime.add("route snapshot", () => snapshot.stop());
  return {
    store: new RouteStore(connection.database),
    drained: new DrainedDeployments(connection.database),
    table: new RouteTable(() => snapshot.entries),
    refresh: () => snapshot.refresh(),
  };
}
