import { newId } from "@bonfire/protocol/ids";
import { type UpstreamDefinition, upstreamDefinition, upstreamModel } from "@bonfire/protocol/upstreams";
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../storage/database.ts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID, upstreamKeys, upstreams } from "../storage/schema.ts";
import type { SealedKey, StoredUpstream } from "./known-upstream.ts";

/** A database, or a transaction in it. */
export type Queries = Pick<Database, "select" | "insert" | "update" | "delete" | "execute">;

const listedModels = z.array(upstreamModel).nullable();

/** Writers of upstreams come one after the other; readers are not held up. */
export async function lockUpstreams(transaction: Queries): Promise<void> {
  await transaction.execute(sql`lock table ${upstreams}, ${upstreamKeys} in share row exclusive mode`);
}

/** All upstreams by name, in the order of their names. */
export async function readUpstreams(queries: Queries): Promise<Map<string, StoredUpstream>> {
  const rows = await queries.select().from(upstreams).where(eq(upstreams.projectId, DEFAULT_PROJECT_ID)).orderBy(asc(upstreams.name));
  const keys = new Map<string, SealedKey[]>();
  for (const row of await queries.select().from(upstreamKeys).orderBy(asc(upstreamKeys.upstreamId), asc(upstreamKeys.position))) {
    const { upstreamId, position: _, createdAt, ...key } = row;
    const ofUpstream = keys.get(upstreamId) ?? [];
    keys.set(upstreamId, ofUpstream);
    ofUpstream.push({ ...key, createdAt: createdAt.getTime() });
  }
  return new Map(rows.map((row) => [row.name, toUpstream(row, keys.get(row.id) ?? [])]));
}

export interface UpstreamWrite {
  readonly definition: UpstreamDefinition;
  /** Undefined: as they are. */
  readonly keys: readonly SealedKey[] | undefined;
  /** What its list said counts no more: it is another server now. */
  readonly forgetsList: boolean;
}

/** Creates it, or replaces the one of its name. */
export async function writeUpstream(transaction: Queries, { definition, keys, forgetsList }: UpstreamWrite): Promise<void> {
  const forgotten = forgetsList ? { listedModels: null, listedAt: null, listError: null } : {};
  const [row] = await transaction
    .insert(upstreams)
    .values({
      id: newId("ups"),
      accountId: DEFAULT_ACCOUNT_ID,
      projectId: DEFAULT_PROJECT_ID,
      name: definition.name,
      definition,
    })
    .onConflictDoUpdate({ target: [upstreams.projectId, upstreams.name], set: { definition, updatedAt: sql`now()`, ...forgotten } })
    .returning({ id: upstreams.id });
  if (row === undefined) throw new Error("The database did not return the upstream that it stored.");
  if (keys === undefined) return;
  await transaction.delete(upstreamKeys).where(eq(upstreamKeys.upstreamId, row.id));
  if (keys.length === 0) return;
  await transaction
    .insert(upstreamKeys)
    .values(keys.map((key, position) => ({ ...key, upstreamId: row.id, position, createdAt: new Date(key.createdAt) })));
}

/** With their keys. @returns the names of those that were there. */
export async function deleteUpstreams(transaction: Queries, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const rows = await transaction
    .delete(upstreams)
    .where(and(eq(upstreams.projectId, DEFAULT_PROJECT_ID), inArray(upstreams.name, [...names])))
    .returning({ name: upstreams.name });
  return rows.map(({ name }) => name);
}

function toUpstream(row: typeof upstreams.$inferSelect, keys: readonly SealedKey[]): StoredUpstream {
  return {
    definition: upstreamDefinition.parse(row.definition),
    keys: [...keys],
    listed: listedModels.parse(row.listedModels),
    listedAt: row.listedAt,
    listError: row.listError,
    createdAt: row.createdAt,
  };
}
