import type { ApiError } from "@bonfire/protocol/errors";
import type { MessagesError } from "@bonfire/protocol/message-events";

/** Anthropic's words for what statuses mean; its SDK tells its errors apart by the status alone. */
const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** The body of a failure, also what a stream carries when it fails in the middle. `details` is where Anthropic's SDK looks for a code. */
export function writeMessagesError({ status, code, message, param }: ApiError, requestId: string): MessagesError {
  const type = TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message, details: { error_code: code, param } }, request_id: requestId };
}
