import { ApiError, ERRORS } from "@bonfire/protocol/errors";
import type { ResponseError, ResponseObject } from "@bonfire/protocol/responses";
import type { ResponseOutcome } from "./output-fold.ts";
import type { ResponseEcho } from "./read-request.ts";

/** @param createdAt Unix seconds. */
export function beginResponse(id: string, createdAt: number, status: "queued" | "in_progress", echo: ResponseEcho): ResponseObject {
  return {
    id,
    created_at: createdAt,
    completed_at: null,
    status,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
    ...echo,
  };
}

/** @param endedAt Unix seconds. @throws ApiError where the generation has no end. */
export function endResponse(begun: ResponseObject, outcome: ResponseOutcome, endedAt: number): ResponseObject {
  if (outcome.status === "in_progress") throw new ApiError("upstream_error", "The engine's answer ended before it was complete.");
  return { ...begun, ...outcome, completed_at: outcome.status === "completed" ? endedAt : null };
}

/** With what was produced of it. */
export function failResponse(begun: ResponseObject, { output, usage }: ResponseOutcome, failure: ApiError): ResponseObject {
  return { ...begun, status: "failed", error: describe(failure), output, usage };
}

/** In the words of OpenAI's closed list. */
function describe({ code, message }: ApiError): ResponseError {
  const { status } = ERRORS[code];
  if (status === 429) return { code: "rate_limit_exceeded", message };
  return { code: status < 500 ? "invalid_prompt" : "server_error", message };
}
