import type { EngineErrorKind } from "../../engine/engine-error.ts";

export const KIND_OF_STATUS: Readonly<Record<number, EngineErrorKind>> = {
  400: "invalid-request",
  401: "refused",
  402: "refused",
  403: "refused",
  404: "not-found",
  408: "timeout",
  413: "invalid-request",
  415: "invalid-request",
  422: "invalid-request",
  429: "rate-limited",
  // Groq: no room for requests of the class `flex`.
  498: "overloaded",
  503: "overloaded",
  504: "timeout",
  // Cloudflare, in front of many: no connection to the server behind it, and no answer from it.
  522: "timeout",
  524: "timeout",
  529: "overloaded",
};

/** Codes that say more than the status beside them. Those that stand first count where there are several. */
const CODES: readonly (readonly [EngineErrorKind, ReadonlySet<string>])[] = [
  ["context-overflow", new Set(["context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "prompt_too_long"])],
  [
    "content-policy",
    new Set([
      "content_filter",
      "content_policy_violation",
      "responsibleaipolicyviolation",
      "moderation_blocked",
      "data_inspection_failed",
      "prohibited_content",
    ]),
  ],
  [
    "refused",
    new Set([
      // Money that is spent comes back by no waiting: OpenAI says so with 429.
      "insufficient_quota",
      "insufficient_balance",
      "billing_error",
      "billing_hard_limit_reached",
      "billing_not_active",
      "payment_required",
      // Google answers 400 to a wrong key.
      "api_key_invalid",
      "invalid_api_key",
      "authentication_error",
    ]),
  ],
  ["not-found", new Set(["model_not_found", "model_decommissioned", "deploymentnotfound", "invalid_model"])],
  [
    "rate-limited",
    new Set([
      "rate_limit_exceeded",
      "rate_limit_error",
      "rate_limited",
      "too_many_requests",
      "resource_exhausted",
      "dynamic_request_limited",
      "dynamic_token_limited",
      "throttlingexception",
    ]),
  ],
  [
    "overloaded",
    new Set(["overloaded_error", "overloaded", "engine_overloaded", "capacity_exceeded", "deployment_scaling_up", "unavailable_error"]),
  ],
  ["timeout", new Set(["timeout_error", "deadline_exceeded", "request_timeout"])],
];

export function kindOfCodes(codes: ReadonlySet<string>): EngineErrorKind | undefined {
  return CODES.find(([, known]) => [...codes].some((code) => known.has(code)))?.[0];
}

/** Where no code tells it: DeepSeek, Anthropic, OpenAI's reasoning models, Azure. */
const POLICY_WORDS = [
  /content exists risk/i,
  /blocked by content filtering policy/i,
  /flagged as potentially violating/i,
  /content management policy/i,
];

export function isAboutPolicy(message: string): boolean {
  return POLICY_WORDS.some((words) => words.test(message));
}
