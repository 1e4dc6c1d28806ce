import { type Allowance, type BreakerEvent, type BreakerState, CircuitBreaker } from "./circuit-breaker.ts";
import { classify, type FailureClass } from "./failure-class.ts";
import { FirstTokenQuantile } from "./first-token-quantile.ts";
import { PeakEwma } from "./peak-ewma.ts";

export interface BreakerChange {
  readonly deployment: string;
  readonly phase: BreakerState["phase"];
  /** When it is tried again, milliseconds since 1970. */
  readonly retryAtMs: number | undefined;
  readonly lastFailure: LastFailure | undefined;
  /** Whether another gateway told: then the others need not be told again. */
  readonly isHint: boolean;
}

interface LastFailure {
  /** Holds no secrets. */
  readonly message: string;
  readonly atMs: number;
  readonly retryClass: FailureClass["retryClass"];
}

/** What one gateway tells the others of a breaker that opened. */
export interface BreakerHint {
  /** Milliseconds since 1970. */
  readonly retryAtMs: number;
  readonly message: string;
  readonly retryClass: FailureClass["retryClass"];
}

/** For operators and metrics; times are milliseconds. */
export interface DeploymentSummary {
  readonly name: string;
  readonly inFlight: number;
  readonly breaker: BreakerState["phase"];
  /** Undefined where it can be asked now. */
  readonly retryAtMs: number | undefined;
  readonly lastFailure: LastFailure | undefined;
  readonly firstTokenMs: number | undefined;
  readonly firstTokenP95Ms: number | undefined;
}

/** What it and its places share. */
interface Measures {
  readonly name: string;
  readonly breaker: CircuitBreaker;
  readonly latency: PeakEwma;
  readonly firstTokens: FirstTokenQuantile;
  readonly onBreaker: ((change: BreakerChange) => void) | undefined;
  inFlight: number;
  /** Most at once since `takePeak`. */
  peak: number;
  lastFailure: LastFailure | undefined;
}

/** How long a failure counts as at the least: what fails fast is not to look fast. */
const FAILED_FIRST_TOKEN_MS = 1_000;
const MOST_MESSAGE_CHARACTERS = 500;

/** What this gateway knows of one deployment: who is there, how fast it answers, whether it fails. `now` is milliseconds since 1970. */
export class DeploymentHealth {
  readonly #measures: Measures;

  constructor(name: string, onBreaker?: (change: BreakerChange) => void) {
    this.#measures = {
      name,
      breaker: new CircuitBreaker(),
      latency: new PeakEwma(),
      firstTokens: new FirstTokenQuantile(),
      onBreaker,
      inFlight: 0,
      peak: 0,
      lastFailure: undefined,
    };
  }

  get inFlight(): number {
    return this.#measures.inFlight;
  }

  /** Most requests at once since this was called last: what they need next is likely to be as much. */
  takePeak(): number {
    const { peak, inFlight } = this.#measures;
    this.#measures.peak = inFlight;
    return peak;
  }

  /** Whether a request may be sent there. Changes nothing: `begin` takes the probe. */
  allow(now: number): Allowance {
    return this.#measures.breaker.allow(now);
  }

  /** A moving average that jumps up at once and comes down slowly. Undefined: not known yet. */
  firstTokenMs(now: number): number | undefined {
    return this.#measures.latency.value(now);
  }

  /** Undefined until enough first tokens were seen. */
  firstTokenP95Ms(): number | undefined {
    return this.#measures.firstTokens.p95();
  }

  /** An attempt begins there. It is the probe where `allow` says so. */
  begin(now: number): Place {
    const { breaker } = this.#measures;
    const before = breaker.phase;
    const isProbe = breaker.begin(now);
    if (breaker.phase !== before) report(this.#measures, now, false);
    this.#measures.inFlight++;
    this.#measures.peak = Math.max(this.#measures.peak, this.#measures.inFlight);
    return new Place(this.#measures, isProbe, now);
  }

  /** It was asked how it is, without a request, and did not answer well. */
  checkFailed(error: unknown, now: number): void {
    const failure = classify(error);
    if (failure.breaker === "neutral") return;
    noteFailure(this.#measures, error, failure, now);
    tell(this.#measures, "failure", now);
  }

  /** It answers when it is asked. Where it could not be reached, that is news, and the next request tries it; where it failed otherwise, it is not. */
  checkSucceeded(now: number): void {
    if (this.#measures.lastFailure?.retryClass === "connect") tell(this.#measures, "revived", now);
  }

  /** Another gateway's breaker has opened, by a `BreakerChange` of its own. What this one finds out itself meanwhile counts for more. */
  hint({ retryAtMs, message, retryClass }: BreakerHint, now: number): void {
    if (retryAtMs <= now || this.#measures.breaker.phase === "open") return;
    this.#measures.lastFailure = { message: message.slice(0, MOST_MESSAGE_CHARACTERS), atMs: now, retryClass };
    tell(this.#measures, { openForMs: retryAtMs - now }, now);
  }

  summary(now: number): DeploymentSummary {
    const { name, inFlight, breaker, lastFailure } = this.#measures;
    const allowed = breaker.allow(now);
    return {
      name,
      inFlight,
      breaker: breaker.phase,
      retryAtMs: typeof allowed === "object" ? allowed.retryAtMs : undefined,
      lastFailure,
      firstTokenMs: this.firstTokenMs(now),
      firstTokenP95Ms: this.firstTokenP95Ms(),
    };
  }
}

/** One attempt's place at a deployment. One that ends with neither an answer nor a failure, as when a client hangs up or a hedge wins, tells only how long was waited. */
export class Place {
  readonly #measures: Measures;
  readonly #isProbe: boolean;
  readonly #beganAt: number;
  #dispatchedAt: number | undefined;
  /** `excused`: it failed, and that was not the deployment's fault. */
  #state: "waiting" | "answered" | "excused" | "failed" | "released" = "waiting";
  #isProbing: boolean;

  constructor(measures: Measures, isProbe: boolean, now: number) {
    this.#measures = measures;
    this.#isProbe = isProbe;
    this.#isProbing = isProbe;
    this.#beganAt = now;
  }

  /** Whether the deployment's breaker lets this one through to see. */
  get isProbe(): boolean {
    return this.#isProbe;
  }

  /** The model is there and the request goes out: its first content is timed from here on, not from when loading began. */
  dispatched(now: number): void {
    this.#dispatchedAt = now;
  }

  /** The first content came, or an end without any. */
  answered(now: number): void {
    if (this.#state !== "waiting") return;
    this.#state = "answered";
    const firstTokenMs = this.#waitedMs(now);
    this.#measures.latency.observe(firstTokenMs, now);
    this.#measures.firstTokens.observe(firstTokenMs);
    // The others are not to wait for the end of a long answer.
    this.#endProbe("probe-succeeded", now);
  }

  /** Before its first content or behind it. What was the client's own doing, such as its hanging up, leaves no trace. */
  failed(error: unknown, now: number): FailureClass {
    const failure = classify(error);
    if (this.#state !== "waiting" && this.#state !== "answered") return failure;
    if (failure.coolMs !== undefined) this.#measures.breaker.coolUntil(now + failure.coolMs);
    if (failure.breaker === "neutral") {
      if (this.#state === "waiting") this.#state = "excused";
      return failure;
    }
    noteFailure(this.#measures, error, failure, now);
    if (this.#state === "waiting") this.#measures.latency.raise(Math.max(FAILED_FIRST_TOKEN_MS, this.#waitedMs(now)), now);
    this.#state = "failed";
    if (this.#isProbing) this.#endProbe("probe-failed", now);
    else tell(this.#measures, "failure", now);
    return failure;
  }

  /** The attempt is over, however it went. Calling it again does nothing. */
  release(now: number): void {
    if (this.#state === "released") return;
    const ended = this.#state;
    this.#state = "released";
    this.#measures.inFlight--;
    this.#endProbe("probe-cancelled", now);
    if (ended === "answered" && !this.#isProbe) tell(this.#measures, "success", now);
    if (ended === "waiting" && this.#dispatchedAt !== undefined) this.#noteVainWait(now);
  }

  /** Its first content would have come later still: that is worth knowing where it is more than was expected. */
  #noteVainWait(now: number): void {
    const { latency } = this.#measures;
    const waitedMs = this.#waitedMs(now);
    if (waitedMs > (latency.value(now) ?? FAILED_FIRST_TOKEN_MS)) latency.raise(waitedMs, now);
  }

  #waitedMs(now: number): number {
    return Math.max(0, now - (this.#dispatchedAt ?? this.#beganAt));
  }

  #endProbe(outcome: "probe-succeeded" | "probe-failed" | "probe-cancelled", now: number): void {
    if (!this.#isProbing) return;
    this.#isProbing = false;
    tell(this.#measures, outcome, now);
  }
}

function noteFailure(measures: Measures, error: unknown, { retryClass }: FailureClass, now: number): void {
  const message = error instanceof Error ? error.message : String(error);
  measures.lastFailure = { message: message.slice(0, MOST_MESSAGE_CHARACTERS), atMs: now, retryClass };
}

function tell(measures: Measures, event: BreakerEvent, now: number): void {
  const { breaker } = measures;
  const before = breaker.phase;
  breaker.tell(event, now);
  if (breaker.phase !== before) report(measures, now, typeof event === "object");
}

function report({ name, breaker, lastFailure, onBreaker }: Measures, now: number, isHint: boolean): void {
  if (onBreaker === undefined) return;
  const allowed = breaker.allow(now);
  const retryAtMs = typeof allowed === "object" ? allowed.retryAtMs : undefined;
  onBreaker({ deployment: name, phase: breaker.phase, retryAtMs, lastFailure, isHint });
}
