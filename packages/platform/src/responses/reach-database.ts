import { ApiError } from "@bonfire/protocol/errors";
import { DrizzleQueryError } from "drizzle-orm";

/** What the database could not do is the caller's to try again. @throws ApiError: its own ones, else `database_unavailable`. */
export async function reachDatabase<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // The outer error quotes the statement with its values, which are prompts and answers.
    const cause = error instanceof DrizzleQueryError ? error.cause : error;
    throw new ApiError("database_unavailable", "The database that keeps responses and conversations cannot be reached.", {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
