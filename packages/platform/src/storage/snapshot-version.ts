import { eq, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { snapshotVersions } from "./schema.ts";

/** Kinds of data that gateways hold in memory; each has its row in `snapshot_versions`. */
export type SnapshotKind = "keys" | "aliases" | "upstreams" | "routes";

/** Where changes are announced; the payload is the kind, a colon and the new version. */
export const SNAPSHOT_CHANNEL = "bonfire";

/** Raises the version of a kind in the transaction of whoever changes it. Gateways that listen hear of it when that is committed. */
export async function raiseVersion(transaction: Pick<Database, "execute">, kind: SnapshotKind): Promise<void> {
  await transaction.execute(sql`
    with raised as (
      update ${snapshotVersions} set version = version + 1 where kind = ${kind} returning kind, version
    )
    select pg_notify(${SNAPSHOT_CHANNEL}, kind || ':' || version) from raised`);
}

/** The version that gateways compare with. */
export async function readVersion(database: Database, kind: SnapshotKind): Promise<number> {
  const [row] = await database.select().from(snapshotVersions).where(eq(snapshotVersions.kind, kind));
  return row?.version ?? 0;
}
