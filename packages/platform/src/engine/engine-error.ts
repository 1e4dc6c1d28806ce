/**
 * unsupported: the engine cannot do what a field asks for; invalid-request: the engine refused a field; context-overflow: the prompt does not fit; not-found: it does not know the model;
 * content-policy: it does not want to answer this; refused: credentials; rate-limited, overloaded: try later; unreachable: no connection, nothing was begun; interrupted: it died after it had begun;
 * timeout: it fell silent; bad-response: not what the dialect says.
 */
export type EngineErrorKind =
  | "unsupported"
  | "invalid-request"
  | "context-overflow"
  | "not-found"
  | "content-policy"
  | "refused"
  | "rate-limited"
  | "overloaded"
  | "unreachable"
  | "interrupted"
  | "timeout"
  | "bad-response";

interface EngineErrorDetails {
  /** HTTP status that the replica gave. */
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** Other credentials for the same replica are left: the call can be made again at once. */
  readonly hasOtherCredentials?: boolean;
  /** First part of the body that the replica gave, for logs; never shown to a client as it is. */
  readonly upstreamBody?: string;
  /** It is the prompt that cannot be served, not another field. */
  readonly promptIsAtFault?: boolean;
  /** The request field at fault, in the client's spelling. */
  readonly param?: string;
  readonly promptTokens?: number;
  /** Tokens that were asked for beside the prompt, where both together do not fit. */
  readonly maxTokens?: number;
  readonly contextTokens?: number;
  readonly cause?: unknown;
}

/** The only failure that a model client throws, apart from the reason of an aborted signal. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly kind: EngineErrorKind;
  readonly details: EngineErrorDetails;

  constructor(kind: EngineErrorKind, message: string, details: EngineErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.details = details;
  }
}
