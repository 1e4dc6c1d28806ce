import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Database } from "./database.ts";
import * as schema from "./schema.ts";

/**
 * Runs the work in one transaction: committed when it returns, rolled back when it throws. Used instead of drizzle's own, which loses the
 * connection for ever when `begin` fails on it, and hides why the work failed behind a rollback that fails as well.
 */
export async function inTransaction<Result>(
  { $client: pool }: Database,
  work: (transaction: NodePgDatabase<typeof schema>) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query("begin");
    const result = await work(drizzle(client, { schema }));
    await client.query("commit");
    isBroken = false;
    return result;
  } catch (error) {
    isBroken = await client.query("rollback").then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    // A connection in an unknown state is not used again.
    client.release(isBroken);
  }
}
