/**
 * Every failure a client of the API can see, as data. `status` is the HTTP status and `type` the coarse class of OpenAI's error body; the key is its `code`.
 * `retryable` becomes the header `x-should-retry`, which wins over the status in all OpenAI-family SDKs.
 */
export const ERRORS = {
  invalid_json: { status: 400, type: "invalid_request_error", retryable: false },
  invalid_type: { status: 400, type: "invalid_request_error", retryable: false },
  invalid_value: { status: 400, type: "invalid_request_error", retryable: false },
  malformed_request: { status: 400, type: "invalid_request_error", retryable: false },
  missing_required_parameter: { status: 400, type: "invalid_request_error", retryable: false },
  unknown_parameter: { status: 400, type: "invalid_request_error", retryable: false },
  unsupported_parameter: { status: 400, type: "invalid_request_error", retryable: false },
  context_length_exceeded: { status: 400, type: "invalid_request_error", retryable: false },
  content_policy_violation: { status: 400, type: "invalid_request_error", retryable: false },
  invalid_api_key: { status: 401, type: "invalid_request_error", retryable: false },
  permission_denied: { status: 403, type: "permission_error", retryable: false },
  licence_not_accepted: { status: 403, type: "permission_error", retryable: false },
  model_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  unknown_url: { status: 404, type: "invalid_request_error", retryable: false },
  response_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  conversation_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  item_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  alias_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  upstream_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  route_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  deployment_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  key_not_found: { status: 404, type: "invalid_request_error", retryable: false },
  method_not_allowed: { status: 405, type: "invalid_request_error", retryable: false },
  request_timeout: { status: 408, type: "invalid_request_error", retryable: true },
  model_in_use: { status: 409, type: "invalid_request_error", retryable: false },
  conflict: { status: 409, type: "invalid_request_error", retryable: false },
  request_too_large: { status: 413, type: "invalid_request_error", retryable: false },
  unsupported_media_type: { status: 415, type: "invalid_request_error", retryable: false },
  headers_too_large: { status: 431, type: "invalid_request_error", retryable: false },
  rate_limit_exceeded: { status: 429, type: "rate_limit_error", retryable: true },
  internal_error: { status: 500, type: "server_error", retryable: true },
  upstream_error: { status: 502, type: "server_error", retryable: true },
  invalid_model_output: { status: 502, type: "server_error", retryable: true },
  download_failed: { status: 502, type: "server_error", retryable: true },
  model_unavailable: { status: 503, type: "server_error", retryable: true },
  overloaded: { status: 503, type: "server_error", retryable: true },
  database_unavailable: { status: 503, type: "server_error", retryable: true },
  ledger_unavailable: { status: 503, type: "server_error", retryable: true },
  shutting_down: { status: 503, type: "server_error", retryable: true },
  upstream_timeout: { status: 504, type: "server_error", retryable: true },
} as const satisfies Record<string, ErrorKind>;

interface ErrorKind {
  readonly status: number;
  readonly type: "invalid_request_error" | "permission_error" | "rate_limit_error" | "server_error";
  readonly retryable: boolean;
}

export type ErrorCode = keyof typeof ERRORS;

interface ApiErrorOptions {
  /** The request field at fault, in the client's own spelling: `messages[0].content`. */
  readonly param?: string;
  /** Seconds, becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What clients name may be megabytes long, and stands in answers and logs. */
const MOST_MESSAGE_CHARACTERS = 2_000;
const MOST_PARAM_CHARACTERS = 500;

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** A failure that has a row in `ERRORS`. The message goes to the client as it is: it must hold no secret. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(shorten(message, MOST_MESSAGE_CHARACTERS), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param === undefined ? null : shorten(options.param, MOST_PARAM_CHARACTERS);
    this.headers = {
      "x-should-retry": String(ERRORS[code].retryable),
      ...(options.retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(options.retryAfterSeconds))) }),
      ...options.headers,
    };
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get body(): ErrorBody {
    return { error: { message: this.message, type: ERRORS[this.code].type, param: this.param, code: this.code } };
  }
}

/** OpenAI's error envelope; also what a stream carries when it fails after its first byte. */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}
