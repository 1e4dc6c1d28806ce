import { ApiError } from "@bonfire/protocol/errors";

/** Whatever was thrown, as an error that a client may see. What is unknown is our fault, and its text stays in the log. */
export function asFailure(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("internal_error", "The server failed to handle this request.", { cause: error });
}
