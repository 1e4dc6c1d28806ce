import { ApiError } from "@bonfire/protocol/errors";

/** Without the database nothing can be changed; what it said stays in the log. */
export async function withDatabase<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (cause) {
    // Somebody has said already what is wrong.
    if (cause instanceof ApiError) throw cause;
    throw new ApiError("database_unavailable", "The database cannot be reached; nothing was changed as far as is known.", {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
