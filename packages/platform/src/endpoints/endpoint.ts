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
}

export interface EndpointRequest {
  readonly id: string;
  /** Parsed JSON, or undefined where the method has no body. */
  readonly body: unknown;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  /** Aborts when the client hangs up or the platform stops waiting. */
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly arrivedAt: number;
  readonly facts: RequestFacts;
  readonly trace: RequestTrace;
}

/** What an endpoint returns; only `http/` writes. */
export type Answer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly json: unknown }
  | { readonly contentType: string; readonly text: string }
  /** Failures of the iteration come as `ApiError`; before the first frame they still have a status of their own. */
  | { readonly headers?: Readonly<Record<string, string>>; readonly frames: AsyncIterable<SseFrame> };

export interface Endpoint {
  readonly method: "GET" | "POST" | "DELETE";
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
    /** Answers of other statuses that are no errors. */
    readonly alternatives?: Readonly<Record<string, z.ZodType>>;
  };
  readonly handle: (request: EndpointRequest, caller: Caller | undefined) => Promise<Answer>;
}

/** Both prefixes lead to the same endpoints: Fireworks' clients expect the second one. */
export function inferencePaths(path: string): [string, string] {
  return [`/v1${path}`, `/inference/v1${path}`];
}
