import type { IncomingHeaders } from "./trace-context.ts";

/** All times are milliseconds of the process's monotonic clock (`performance.now()`). */
export interface Tracing {
  /** Begins the server span of a request, as a child of the caller's span where the headers name one. */
  startRequest(request: StartedRequest): RequestTrace;
  /** Delivers what is still here, for at most so many milliseconds. */
  stop(deadlineMs: number): Promise<void>;
}

export interface StartedRequest {
  readonly headers: IncomingHeaders;
  readonly method: string;
  /** The route's pattern; undefined where no route matched. */
  readonly route: string | undefined;
  readonly requestId: string;
  readonly arrivedAt: number;
}

export interface RequestTrace {
  /** Begins the client span of one request to one replica. */
  startAttempt(attempt: StartedAttempt): AttemptTrace;
  /** Calling it again does nothing. */
  end(result: EndedRequest): void;
}

export interface EndedRequest {
  readonly status: number;
  /** Our own code of the failure, where there was one. */
  readonly errorCode?: string | undefined;
  /** What routing decided, as far as it came to that. */
  readonly routing?: TracedRouting | undefined;
}

export interface TracedRouting {
  readonly deployment?: string | undefined;
  readonly attempts?: number | undefined;
  readonly queuedMs?: number | undefined;
  readonly cache?: "hit" | "miss" | undefined;
}

export interface StartedAttempt {
  /** `gen_ai.operation.name`: `chat`, `text_completion`, `embeddings`, … */
  readonly operation: string;
  /** Resolved id. */
  readonly model: string;
  /** What serves it: `llamacpp`, `openai-compatible`, … */
  readonly provider: string;
  /** Number of the attempt within its request, from 1. */
  readonly attempt: number;
  /** Name of the deployment that it is sent to. */
  readonly deployment?: string | undefined;
  /** Why it is made: `first`, `retry`, `fallback`, `hedge`. */
  readonly cause?: string | undefined;
  readonly streamed: boolean;
  /** When the request began to wait for its turn, where it waited. */
  readonly queuedAt?: number | undefined;
  /** Where the replica listens, for one that has a host name. */
  readonly server?: { readonly address: string; readonly port: number } | undefined;
}

export interface AttemptTrace {
  /** `traceparent` and `tracestate` for the call to the replica; empty where the request belongs to no trace. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first piece of content has come; later calls do nothing. */
  firstToken(): void;
  /** Calling it again does nothing. */
  end(result: TracedResult): void;
}

/** What is told about an ended attempt: counts and codes, never content. Null is "not known". */
export interface TracedResult {
  readonly outcome: "succeeded" | "cancelled" | "failed" | "interrupted";
  readonly errorCode: string | null;
  readonly finishReason: string | null;
  readonly uncachedPromptTokens: number | null;
  readonly cachedPromptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
  /** The name by which the replica knows the model, where it tells. */
  readonly responseModel?: string | undefined;
  readonly responseId?: string | undefined;
}
