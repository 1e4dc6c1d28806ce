import { ApiError } from "@bonfire/protocol/errors";
import { notJson } from "./json-body.ts";

/** Failures of the HTTP layer itself, by Fastify's codes. */
const FASTIFY_FAILURES: Readonly<Record<string, (message: string) => ApiError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (message) => new ApiError("request_too_large", message),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: notJson,
  // Of the method QUERY.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: notJson,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new ApiError("invalid_value", "The body is not as long as its content-length says."),
  FST_ERR_BAD_URL: () => new ApiError("unknown_url", "The path of this URL is not valid."),
};

/** Whatever was thrown, as an error of the table. What is unknown is our fault, and its text stays in the log. */
export function toApiError(error: unknown, bodyLimitBytes: number): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    const known = FASTIFY_FAILURES[error.code];
    if (known !== undefined) return known(`The request body is larger than the limit of ${bodyLimitBytes} bytes.`);
  }
  return new ApiError("internal_error", "The server failed to handle this request.", { cause: error });
}
