import type { ServerResponse } from "node:http";
import type { ApiError } from "@bonfire/protocol/errors";
import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Caller } from "../access/caller.ts";
import type { RequestFacts } from "../endpoints/endpoint.ts";

interface FinishedRequest {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly durationMs: number;
  readonly facts: RequestFacts;
  readonly caller: Caller | undefined;
  readonly failure: ApiError | undefined;
}

/** nginx's status for a client that closed its connection before the answer was complete. */
const CLIENT_CLOSED_REQUEST = 499;

/** The one line that a request leaves: who, what, how it ended, how long it took; no body, no query, no secret. @returns the status. */
export function logRequest(logger: Logger, { request, response, durationMs, facts, caller, failure }: FinishedRequest): number {
  const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
  // What is undefined, pino leaves out.
  const line = {
    request_id: request.id,
    method: request.method,
    path: request.originalUrl.split("?", 1)[0],
    status,
    duration_ms: Math.round(durationMs),
    client_request_id: clientRequestId(request),
    key_id: caller?.keyId,
    model: facts.model,
    deployment: facts.deployment,
    attempts: facts.attempts,
    queued_ms: facts.queuedMs,
    cache: facts.cache,
    prompt_tokens: facts.promptTokens,
    completion_tokens: facts.completionTokens,
    first_token_ms: facts.firstTokenMs,
    finish_reason: facts.finishReason,
    error: failure?.code,
  };
  if (failure !== undefined && failure.status >= 500) logger.error({ ...line, err: failure.cause ?? failure }, "request failed");
  else logger.info(line, "request");
  return status;
}

/** The id under which the client logged it; bounded, since anybody can send anything. */
function clientRequestId({ headers }: FastifyRequest): string | undefined {
  const id = headers["x-client-request-id"];
  return typeof id === "string" ? id.slice(0, 128) : undefined;
}
