import type { ServerResponse } from "node:http";
import type { ApiError } from "@bonfire/protocol/errors";
import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Caller } from "../access/caller.ts";
import type { RequestFacts } from "../endpoints/endpoint.ts";

interface FinishedRequest {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly arrivedAt: number;
  readonly facts: RequestFacts;
  readonly caller: Caller | undefined;
  readonly failure: ApiError | undefined;
}

/** nginx's status for a client that closed its connection before the answer was complete. */
const CLIENT_CLOSED_REQUEST = 499;

/** The one line that a request leaves: who, what, how it ended, how long it took; no body, no query, no secret. */
export function logRequest(logger: Logger, { request, response, arrivedAt, facts, caller, failure }: FinishedRequest): void {
  const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
  const line = {
    request_id: request.id,
    method: request.method,
    path: request.url.split("?", 1)[0],
    status,
    duration_ms: Math.round(performance.now() - arrivedAt),
    ...clientRequestId(request),
    ...(caller === undefined ? {} : { key_id: caller.keyId }),
    ...(facts.model === undefined ? {} : { model: facts.model }),
    ...(facts.promptTokens === undefined ? {} : { prompt_tokens: facts.promptTokens }),
    ...(facts.completionTokens === undefined ? {} : { completion_tokens: facts.completionTokens }),
    ...(facts.firstTokenMs === undefined ? {} : { first_token_ms: facts.firstTokenMs }),
    ...(facts.finishReason === undefined ? {} : { finish_reason: facts.finishReason }),
    ...(failure === undefined ? {} : { error: failure.code }),
  };
  if (failure !== undefined && failure.status >= 500) logger.error({ ...line, err: failure.cause ?? failure }, "request failed");
  else logger.info(line, "request");
}

/** The id under which the client logged it; bounded, since anybody can send anything. */
function clientRequestId({ headers }: FastifyRequest): { client_request_id?: string } {
  const id = headers["x-client-request-id"];
  return typeof id === "string" ? { client_request_id: id.slice(0, 128) } : {};
}
