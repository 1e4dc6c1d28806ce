import { ApiError, type ErrorCode } from "@bonfire/protocol/errors";
import type { RetryClass } from "@bonfire/protocol/routes";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";

/** What a failed attempt means to routing. */
export interface FailureClass {
  /** Undefined: nobody else would do better, such as with a client's own mistake. */
  readonly retryClass: RetryClass | undefined;
  /** Whether it tells against the deployment. */
  readonly breaker: "failure" | "neutral";
  /** Whether the same deployment may be asked again: `after-backoff` where no other one is left. */
  readonly sameDeployment: "at-once" | "after-backoff" | "never";
  /** The deployment asks to be left alone for so long, milliseconds. */
  readonly coolMs?: number;
}

/** Of a limit that does not say when it ends. */
const COOL_MS = 1_000;
/** Longer waits are told of by spent quotas: then it is looked whether somebody has paid. */
const LONGEST_COOL_MS = 600_000;

const NOT_ITS_FAULT: FailureClass = { retryClass: undefined, breaker: "neutral", sameDeployment: "never" };
const BROKEN: FailureClass = { retryClass: "server_error", breaker: "failure", sameDeployment: "after-backoff" };
/** It does not know the model or our credentials, and will not in a moment. */
const MISCONFIGURED: FailureClass = { retryClass: "server_error", breaker: "failure", sameDeployment: "never" };
const OTHER_CREDENTIALS: FailureClass = { retryClass: "rate_limit", breaker: "neutral", sameDeployment: "at-once" };

const BY_KIND: Readonly<Record<EngineErrorKind, FailureClass | ((error: EngineError) => FailureClass)>> = {
  // Nothing was sent: another one may have what this one lacks.
  unsupported: { retryClass: "unsupported", breaker: "neutral", sameDeployment: "never" },
  "invalid-request": NOT_ITS_FAULT,
  "context-overflow": { retryClass: "context_length", breaker: "neutral", sameDeployment: "never" },
  "content-policy": { retryClass: "content_policy", breaker: "neutral", sameDeployment: "never" },
  "not-found": MISCONFIGURED,
  refused: ({ details }) => (details.hasOtherCredentials === true ? OTHER_CREDENTIALS : MISCONFIGURED),
  "rate-limited": ({ details }) =>
    details.hasOtherCredentials === true ? OTHER_CREDENTIALS : cooled("rate_limit", details.retryAfterMs ?? COOL_MS),
  // One that says when to come back is full; one that does not may as well be a proxy with nothing behind it.
  overloaded: ({ details }) => (details.retryAfterMs === undefined ? BROKEN : cooled("server_error", details.retryAfterMs)),
  unreachable: { retryClass: "connect", breaker: "failure", sameDeployment: "after-backoff" },
  interrupted: BROKEN,
  timeout: { retryClass: "timeout", breaker: "failure", sameDeployment: "after-backoff" },
  "bad-response": BROKEN,
};

/** What the lease of a local model fails with. The fleet keeps watch over these itself and fails fast: no breaker is needed, nor a second try. */
const BY_CODE: Readonly<Partial<Record<ErrorCode, FailureClass>>> = {
  model_unavailable: { retryClass: "connect", breaker: "neutral", sameDeployment: "never" },
  overloaded: { retryClass: "server_error", breaker: "neutral", sameDeployment: "never" },
  upstream_timeout: { retryClass: "timeout", breaker: "neutral", sameDeployment: "never" },
};

/** What is neither an engine's failure nor a lease's is the reason of an aborted signal or a fault of our own: neither is tried again. */
export function classify(error: unknown): FailureClass {
  if (error instanceof EngineError) {
    const entry = BY_KIND[error.kind];
    return typeof entry === "function" ? entry(error) : entry;
  }
  return (error instanceof ApiError ? BY_CODE[error.code] : undefined) ?? NOT_ITS_FAULT;
}

function cooled(retryClass: RetryClass, coolMs: number): FailureClass {
  return { retryClass, breaker: "neutral", sameDeployment: "after-backoff", coolMs: Math.min(LONGEST_COOL_MS, Math.max(0, coolMs)) };
}
