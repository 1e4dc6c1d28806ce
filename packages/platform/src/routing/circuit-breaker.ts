/** Of the last attempts at a deployment that is used. */
interface Closed {
  readonly phase: "closed";
  readonly failuresInARow: number;
  /** This window and the one before it, of 30 s each: together, with the earlier one's part that is not yet past, they stand for the last 30 s. */
  readonly windowStartMs: number;
  readonly attempts: number;
  readonly failures: number;
  readonly earlierAttempts: number;
  readonly earlierFailures: number;
}
interface Open {
  readonly phase: "open";
  readonly sinceMs: number;
  readonly forMs: number;
}
/** One request may find out whether it is well again. */
interface HalfOpen {
  readonly phase: "half_open";
  readonly probing: boolean;
  /** How long it was open before. */
  readonly wasOpenMs: number;
}

/** Times are milliseconds. */
export type BreakerState = Closed | Open | HalfOpen;

/**
 * `success`, `failure`: of an attempt that was no probe. `revived`: it answers again when it is asked how it is. `openForMs`: another gateway
 * found it failing.
 */
export type BreakerEvent =
  | "success"
  | "failure"
  | "probe-began"
  | "probe-succeeded"
  | "probe-failed"
  | "probe-cancelled"
  | "revived"
  | { readonly openForMs: number };

/** When a deployment may be asked. `probe`: by one request, which is to say so. */
export type Allowance = "yes" | "probe" | { readonly retryAtMs: number };

const MOST_FAILURES_IN_A_ROW = 5;
const WINDOW_MS = 30_000;
const FEWEST_ATTEMPTS = 20;
const MOST_FAILED_SHARE = 0.5;
const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 60_000;
/** While a probe is under way, nobody knows how long it takes. */
const PROBE_RETRY_MS = 1_000;

export const CLOSED: BreakerState = {
  phase: "closed",
  failuresInARow: 0,
  windowStartMs: Number.NEGATIVE_INFINITY,
  attempts: 0,
  failures: 0,
  earlierAttempts: 0,
  earlierFailures: 0,
};

/**
 * closed → open after 5 failures in a row, or when half of at least 20 attempts in 30 s have failed; open → half-open, by a probe, when its time has come;
 * half-open → closed when the probe succeeds, or open again for twice as long, up to a minute. What older attempts tell meanwhile is not listened
 * to: they began before it failed.
 */
export function transition(state: BreakerState, event: BreakerEvent, now: number): BreakerState {
  switch (state.phase) {
    case "closed":
      return fromClosed(state, event, now);
    case "open":
      return fromOpen(state, event, now);
    case "half_open":
      return fromHalfOpen(state, event, now);
  }
}

function allowance(state: BreakerState, now: number): Allowance {
  if (state.phase === "closed") return "yes";
  if (state.phase === "half_open") return state.probing ? { retryAtMs: now + PROBE_RETRY_MS } : "probe";
  return isOver(state, now) ? "probe" : { retryAtMs: state.sinceMs + state.forMs };
}

function fromClosed(state: Closed, event: BreakerEvent, now: number): BreakerState {
  if (event === "success") return counted(state, false, now);
  if (event === "failure") {
    const next = counted(state, true, now);
    return hasFailed(next, now) ? { phase: "open", sinceMs: now, forMs: FIRST_OPEN_MS } : next;
  }
  return typeof event === "object" ? openedElsewhere(event.openForMs, now) : state;
}

function fromOpen(state: Open, event: BreakerEvent, now: number): BreakerState {
  if (event === "probe-began" && isOver(state, now)) return { phase: "half_open", probing: true, wasOpenMs: state.forMs };
  return event === "revived" ? { phase: "half_open", probing: false, wasOpenMs: state.forMs } : state;
}

function fromHalfOpen(state: HalfOpen, event: BreakerEvent, now: number): BreakerState {
  if (!state.probing) {
    if (event === "probe-began") return { ...state, probing: true };
    return typeof event === "object" ? openedElsewhere(event.openForMs, now) : state;
  }
  // A hint is not listened to now: the probe will tell, and there is never a second one beside it.
  if (event === "probe-succeeded") return CLOSED;
  if (event === "probe-failed") return { phase: "open", sinceMs: now, forMs: Math.min(LONGEST_OPEN_MS, state.wasOpenMs * 2) };
  return event === "probe-cancelled" ? { ...state, probing: false } : state;
}

function openedElsewhere(forMs: number, now: number): BreakerState {
  return { phase: "open", sinceMs: now, forMs: Math.min(LONGEST_OPEN_MS, Math.max(0, forMs)) };
}

/** A clock that was set back does not keep it open. */
function isOver({ sinceMs, forMs }: Open, now: number): boolean {
  return now >= sinceMs + forMs || now < sinceMs;
}

function counted(state: Closed, failed: boolean, now: number): Closed {
  const age = now - state.windowStartMs;
  const isCurrent = age >= 0 && age < WINDOW_MS;
  const isEarlier = age >= WINDOW_MS && age < 2 * WINDOW_MS;
  return {
    phase: "closed",
    failuresInARow: failed ? state.failuresInARow + 1 : 0,
    windowStartMs: isCurrent ? state.windowStartMs : isEarlier ? state.windowStartMs + WINDOW_MS : now,
    attempts: (isCurrent ? state.attempts : 0) + 1,
    failures: (isCurrent ? state.failures : 0) + (failed ? 1 : 0),
    earlierAttempts: isCurrent ? state.earlierAttempts : isEarlier ? state.attempts : 0,
    earlierFailures: isCurrent ? state.earlierFailures : isEarlier ? state.failures : 0,
  };
}

function hasFailed(state: Closed, now: number): boolean {
  if (state.failuresInARow >= MOST_FAILURES_IN_A_ROW) return true;
  const notYetPast = 1 - (now - state.windowStartMs) / WINDOW_MS;
  const attempts = state.attempts + state.earlierAttempts * notYetPast;
  const failures = state.failures + state.earlierFailures * notYetPast;
  return attempts >= FEWEST_ATTEMPTS && failures >= attempts * MOST_FAILED_SHARE;
}

/** Keeps requests away from one deployment while it fails, also where it is the only one: they fail at once instead of in a while. */
export class CircuitBreaker {
  #state: BreakerState = CLOSED;
  #coolUntilMs = 0;

  get phase(): BreakerState["phase"] {
    return this.#state.phase;
  }

  /** Changes nothing. */
  allow(now: number): Allowance {
    const allowed = allowance(this.#state, now);
    if (now >= this.#coolUntilMs) return allowed;
    return { retryAtMs: typeof allowed === "object" ? Math.max(allowed.retryAtMs, this.#coolUntilMs) : this.#coolUntilMs };
  }

  /** @returns whether the attempt that begins is the probe: then its outcome is to be told as a probe's. */
  begin(now: number): boolean {
    if (this.#state.phase === "closed" || allowance(this.#state, now) !== "probe") return false;
    this.tell("probe-began", now);
    return true;
  }

  tell(event: BreakerEvent, now: number): void {
    this.#state = transition(this.#state, event, now);
  }

  /** It asked to be left alone until then, milliseconds since 1970. */
  coolUntil(untilMs: number): void {
    this.#coolUntilMs = Math.max(this.#coolUntilMs, untilMs);
  }
}
