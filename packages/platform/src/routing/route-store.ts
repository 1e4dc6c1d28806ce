import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type RouteDefinition, routeDefinition } from "@bonfire/protocol/routes";
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID, routes } from "../storage/schema.ts";
import { raiseVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";

export interface StoredRoute {
  readonly definition: RouteDefinition;
  readonly createdAt: Date;
}

/** A database, or a transaction in it. */
type Queries = Pick<Database, "select" | "insert" | "delete" | "execute">;

/** A statement can have some 65,000 parameters. */
const ROWS_AT_ONCE = 1_000;

/** Writers of routes come one after the other; readers are not held up. */
export async function lockRoutes(transaction: Queries): Promise<void> {
  await transaction.execute(sql`lock table ${routes} in share row exclusive mode`);
}

/** All routes by what clients name, in that order. */
export async function readRoutes(queries: Queries): Promise<Map<string, StoredRoute>> {
  const rows = await queries.select().from(routes).where(eq(routes.projectId, DEFAULT_PROJECT_ID)).orderBy(asc(routes.model));
  return new Map(
    rows.map(({ model, definition, createdAt }) => [model, { definition: routeDefinition.parse(definition), createdAt }] as const),
  );
}

/** Creates them, or replaces those of their names. */
export async function writeRoutes(transaction: Queries, definitions: readonly RouteDefinition[]): Promise<void> {
  for (let start = 0; start < definitions.length; start += ROWS_AT_ONCE) {
    const rows = definitions.slice(start, start + ROWS_AT_ONCE).map((definition) => ({
      accountId: DEFAULT_ACCOUNT_ID,
      projectId: DEFAULT_PROJECT_ID,
      model: definition.model,
      definition,
    }));
    await transaction
      .insert(routes)
      .values(rows)
      .onConflictDoUpdate({
        target: [routes.projectId, routes.model],
        set: { definition: sql`excluded.definition`, updatedAt: sql`now()` },
      });
  }
}

/** @returns how many of them were there. */
export async function deleteRoutes(transaction: Queries, models: readonly string[]): Promise<number> {
  if (models.length === 0) return 0;
  const removed = await transaction
    .delete(routes)
    .where(and(eq(routes.projectId, DEFAULT_PROJECT_ID), inArray(routes.model, [...models])))
    .returning({ model: routes.model });
  return removed.length;
}

/** The same for the same definition, and for no other; in the quotes in which HTTP has it. */
export function routeEtag(definition: RouteDefinition): string {
  return `"${createHash("sha256").update(JSON.stringify(definition)).digest("hex").slice(0, 32)}"`;
}

/** Where requests go, in the database. Every change raises the version that gateways compare with. */
export class RouteStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): Promise<Map<string, StoredRoute>> {
    return readRoutes(this.#database);
  }

  /** Creates a route or replaces the one of its name. @param expected the tag of what is to be replaced, `*` for anything that is there */
  async put(definition: RouteDefinition, expected: string | undefined): Promise<StoredRoute | "conflict"> {
    return inTransaction(this.#database, async (transaction) => {
      await lockRoutes(transaction);
      const before = (await readRoutes(transaction)).get(definition.model);
      if (!isExpected(before, expected)) return "conflict";
      if (before !== undefined && isDeepStrictEqual(before.definition, definition)) return before;
      await writeRoutes(transaction, [definition]);
      await raiseVersion(transaction, "routes");
      return { definition, createdAt: before?.createdAt ?? new Date() };
    });
  }

  async remove(model: string, expected: string | undefined): Promise<"removed" | "conflict" | "absent"> {
    return inTransaction(this.#database, async (transaction) => {
      await lockRoutes(transaction);
      const before = (await readRoutes(transaction)).get(model);
      if (before === undefined) return "absent";
      if (!isExpected(before, expected)) return "conflict";
      await deleteRoutes(transaction, [model]);
      await raiseVersion(transaction, "routes");
      return "removed";
    });
  }
}

function isExpected(route: StoredRoute | undefined, expected: string | undefined): boolean {
  if (expected === undefined) return true;
  return route !== undefined && (expected === "*" || expected === routeEtag(route.definition));
}
