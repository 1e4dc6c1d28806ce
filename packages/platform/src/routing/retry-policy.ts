import type { FailureClass } from "./failure-class.ts";
import type { Route } from "./route.ts";

/** `same`: the same deployment again, after a pause; `next`: another one, at once. */
export type NextStep = { readonly type: "same"; readonly delayMs: number } | { readonly type: "next" } | { readonly type: "fail" };

export interface FailedAttempt {
  readonly failure: FailureClass;
  /** Attempts that the request has had, this one included. */
  readonly attempts: number;
  readonly retries: Route["retries"];
  /** Whether there is a deployment that the request has not been at and that could take it, in this group or one behind it. */
  readonly othersLeft: boolean;
  /** Takes a retry out of the budget, where there is one left; asked last, and only for retries that add load. */
  readonly takeFromBudget: () => boolean;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2_000;
/** A client would rather hear of a longer `Retry-After` itself. */
const LONGEST_COOL_WAIT_MS = 5_000;

const FAIL: NextStep = { type: "fail" };
const NEXT: NextStep = { type: "next" };
const AT_ONCE: NextStep = { type: "same", delayMs: 0 };

/**
 * What follows an attempt that failed before its first content. Other credentials of the same deployment come first, whatever the route retries on: to
 * the client they are one. A prompt that is too long or against a policy is no sign of overload: its fallback is free of the budget.
 */
export function nextStep({ failure, attempts, retries, othersLeft, takeFromBudget, random }: FailedAttempt): NextStep {
  if (attempts >= retries.attempts) return FAIL;
  const { retryClass, sameDeployment, coolMs } = failure;
  if (sameDeployment === "at-once") return AT_ONCE;
  if (retryClass === undefined || !retries.on.has(retryClass)) return FAIL;
  if (othersLeft) return isAboutTheRequest(failure) || takeFromBudget() ? NEXT : FAIL;
  if (sameDeployment === "never" || (coolMs ?? 0) > LONGEST_COOL_WAIT_MS || !takeFromBudget()) return FAIL;
  return { type: "same", delayMs: coolMs === undefined ? backoffMs(attempts, random) : coolMs + random() * FIRST_BACKOFF_MS };
}

function isAboutTheRequest({ retryClass }: FailureClass): boolean {
  return retryClass === "context_length" || retryClass === "content_policy" || retryClass === "unsupported";
}

/** Full jitter: anything up to a ceiling that doubles, so that those who failed together do not come back together. */
function backoffMs(attempts: number, random: () => number): number {
  return random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempts - 1));
}
