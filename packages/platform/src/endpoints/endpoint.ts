import type { Dialect } from "@bonfire/protocol/dialect";
import type { ApiError } from "@bonfire/protocol/errors";
import type { SseFrame } from "@bonfire/protocol/sse";
import type { z } from "zod";
import type { Caller } from "../access/caller.ts";
import type { RequestTrace } from "../observability/trace.ts";

/** What an endpoint learns about a request, for its log line. */
export interface RequestFacts {
  model?: string;
  promptTokens?: number;
  completionTokens?: number;
  finishReason?: string;
  /** From the arrival of the request to the first content of its answer. */
  firstTokenMs?: number;
  /** Name of the deployment that answered, or failed last. */
  deployment?: string;
  /** Requests that were sent to deployments. */
  attempts?: number;
  /** How long it waited for a place. */
  queuedMs?: number;
  /** Absent where no stored answer was looked for. */
  cache?: "hit" | "miss";
}

export interface EndpointRequest {
  readonly id: string;
  /** Path and query as the client wrote them. */
  readonly url: string;
  /** Whose API the client was written for. */
  readonly dialect: Dialect;
  /** Parsed JSON, or undefined where the method has no body. */
  readonly body: unknown;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  /** Of the request, names in lower case; the first of several values. */
  readonly header: (name: string) => string | undefined;
  /** Aborts when the client hangs up or the platform stops waiting. */
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly arrivedAt: number;
  readonly facts: RequestFacts;
  readonly trace: RequestTrace;
}

/** An answer that was given elsewhere, to be written as it comes. */
export interface PassedOn {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What an endpoint returns; only `http/` writes. */
export type Answer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly json: unknown }
  | { readonly contentType: string; readonly text: string }
  | PassedOn
  /**
   * Failures of the iteration come as `ApiError`; before the first frame they still have a status of their own. Headers are asked for when the
   * first frame is there.
   */
  | { readonly headers?: () => Readonly<Record<string, string>>; readonly frames: AsyncIterable<SseFrame> };

/** Thrown by frames that have told the client of their failure in their own format: it is noted, and nothing more is written. */
export class ToldFailure extends Error {
  override readonly name = "ToldFailure";
  readonly failure: ApiError;

  constructor(failure: ApiError) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

export interface FailureFormat {
  readonly body: (failure: ApiError, requestId: string) => unknown;
  /** Type of the event that carries the body in a stream. */
  readonly event: string;
  /** Where clients look for the request's id, beside `x-request-id`. */
  readonly requestIdHeader: string;
  /** A header that only clients of this format send: by it they are known on paths that do not exist. */
  readonly clientHeader: string;
}

export interface Endpoint {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Fastify patterns, equal in meaning; the first one stands in the OpenAPI document. */
  readonly paths: readonly [string, ...string[]];
  /** `public` needs no key; `admin` needs one with that role. */
  readonly permission: "public" | "inference" | "admin";
  readonly summary: string;
  /** For the OpenAPI document; the endpoint parses for itself. */
  readonly schemas: {
    readonly body?: z.ZodType;
    readonly query?: z.ZodObject;
    readonly params?: z.ZodObject;
    readonly answer: z.ZodType;
    /** Media type of the answer. @default application/json */
    readonly answerType?: string;
    /** Of each `data` in the event stream, where the endpoint can stream. */
    readonly chunk?: z.ZodType;
    readonly status?: number;
    /** Of a failure, where it is not the dialects' usual one. */
    readonly failure?: z.ZodType;
    /** Answers of other statuses that are no errors. */
    readonly alternatives?: Readonly<Record<string, z.ZodType>>;
  };
  /** How failures are told, where it is not the dialects' usual way. */
  readonly failures?: FailureFormat;
  readonly handle: (request: EndpointRequest, caller: Caller | undefined) => Promise<Answer>;
}
