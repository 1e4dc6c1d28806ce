import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { lockRoutes, readRoutes, type StoredRoute } from "../routing/route-store.ts";
import type { Database } from "../storage/database.ts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID, modelAliases } from "../storage/schema.ts";
import type { StoredUpstream } from "../upstreams/known-upstream.ts";
import { lockUpstreams, readUpstreams } from "../upstreams/upstream-rows.ts";
import type { Alias } from "./resolve-aliases.ts";

type Queries = Pick<Database, "select" | "insert" | "update" | "delete" | "execute">;

/** All that resources files can speak of, as it is kept. */
export interface StoredResources {
  readonly upstreams: ReadonlyMap<string, StoredUpstream>;
  readonly routes: ReadonlyMap<string, StoredRoute>;
  /** The id of each alias' model. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** A statement can have some 65,000 parameters. */
const ROWS_AT_ONCE = 1_000;

/** Nobody changes any of it until the transaction ends. */
export async function lockResources(transaction: Queries): Promise<void> {
  await lockUpstreams(transaction);
  await lockRoutes(transaction);
  await transaction.execute(sql`lock table ${modelAliases} in share row exclusive mode`);
}

export async function readResources(queries: Queries): Promise<StoredResources> {
  const aliases = await queries
    .select({ name: modelAliases.name, model: modelAliases.model })
    .from(modelAliases)
    .where(eq(modelAliases.projectId, DEFAULT_PROJECT_ID))
    .orderBy(asc(modelAliases.name));
  return {
    upstreams: await readUpstreams(queries),
    routes: await readRoutes(queries),
    aliases: new Map(aliases.map(({ name, model }) => [name, model])),
  };
}

/** Creates them, or replaces those of their names. */
export async function writeAliases(transaction: Queries, aliases: readonly Alias[]): Promise<void> {
  for (let start = 0; start < aliases.length; start += ROWS_AT_ONCE) {
    const rows = aliases
      .slice(start, start + ROWS_AT_ONCE)
      .map(({ name, model }) => ({ accountId: DEFAULT_ACCOUNT_ID, projectId: DEFAULT_PROJECT_ID, name, model }));
    await transaction
      .insert(modelAliases)
      .values(rows)
      .onConflictDoUpdate({ target: [modelAliases.projectId, modelAliases.name], set: { model: sql`excluded.model` } });
  }
}

export async function deleteAliases(transaction: Queries, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await transaction.delete(modelAliases).where(and(eq(modelAliases.projectId, DEFAULT_PROJECT_ID), inArray(modelAliases.name, [...names])));
}
