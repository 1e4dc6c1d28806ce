import type { Database } from "../storage/database.ts";
import type { KnownEntries, SnapshotSource } from "../storage/snapshot.ts";
import { readVersion } from "../storage/snapshot-version.ts";
import { DrainedDeployments } from "./drained-deployments.ts";
import type { RoutingEntry } from "./route-snapshot-file.ts";
import { readRoutes } from "./route-store.ts";

/** Routes and drained deployments as of one version, in one map: neither's names can be taken for the other's. */
export class RouteSnapshotSource implements SnapshotSource<RoutingEntry> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  version(): Promise<number> {
    return readVersion(this.#database, "routes");
  }

  async known(): Promise<KnownEntries<RoutingEntry>> {
    // The version first: a change in between makes the next comparison differ, and everything is read again.
    const version = await this.version();
    const entries = new Map<string, RoutingEntry>();
    for (const [model, { definition }] of await readRoutes(this.#database)) entries.set(`route ${model}`, { kind: "route", definition });
    for (const deployment of await new DrainedDeployments(this.#database).list()) {
      entries.set(`drained ${deployment}`, { kind: "drained", deployment });
    }
    return { version, entries };
  }
}
