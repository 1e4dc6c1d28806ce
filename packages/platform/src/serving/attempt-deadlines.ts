import type { AttemptTimeouts } from "../routing/deployment.ts";

/** What went on for too long. */
export type PassedDeadline = "first-token" | "silence" | "total";

/**
 * The times that one attempt may take, watched by one timer that looks what is due when it fires: timers of their own, set anew for each event,
 * would cost more than the events. Silence counts only while an event is waited for, so that a client who reads slowly is not the deployment's fault.
 */
export class AttemptDeadlines {
  readonly #timeouts: AttemptTimeouts;
  readonly #onPassed: (passed: PassedDeadline) => void;
  readonly #beganAt = performance.now();
  #hasContent = false;
  /** Undefined while nobody waits. */
  #waitingSince: number | undefined = this.#beganAt;
  #timer: NodeJS.Timeout;

  constructor(timeouts: AttemptTimeouts, onPassed: (passed: PassedDeadline) => void) {
    this.#timeouts = timeouts;
    this.#onPassed = onPassed;
    // Not later than the first silence can be over: its begin needs no timer then.
    this.#timer = setTimeout(this.#look, Math.min(timeouts.firstTokenMs, timeouts.betweenTokensMs, timeouts.totalMs));
  }

  contentCame(): void {
    this.#hasContent = true;
    this.#waitingSince = performance.now();
  }

  /** Whether the next event is waited for from now on. */
  wait(isWaiting: boolean): void {
    this.#waitingSince = isWaiting ? performance.now() : undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const { firstTokenMs, betweenTokensMs, totalMs } = this.#timeouts;
    const now = performance.now();
    const totalAt = this.#beganAt + totalMs;
    const stepAt = this.#hasContent ? (this.#waitingSince ?? now) + betweenTokensMs : this.#beganAt + firstTokenMs;
    const dueAt = Math.min(totalAt, stepAt);
    if (dueAt > now) this.#timer = setTimeout(this.#look, Math.ceil(dueAt - now));
    else this.#onPassed(totalAt <= stepAt ? "total" : this.#hasContent ? "silence" : "first-token");
  };
}
