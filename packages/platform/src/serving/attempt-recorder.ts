import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { AttemptFacts, AttemptResult } from "../metering/attempt.ts";
import type { Ledger } from "../metering/ledger.ts";
import { recordAttempt } from "../metering/record-attempt.ts";
import type { Metrics } from "../observability/metrics.ts";
import { TokenPace } from "../observability/token-pace.ts";
import type { RequestTrace } from "../observability/trace.ts";
import type { Deployment } from "../routing/deployment.ts";

/** Who asks for what, as the ledger wants to know it. */
export type Origin = Pick<AttemptFacts, "requestId" | "accountId" | "projectId" | "keyId" | "endpoint" | "streamed"> & {
  readonly trace: RequestTrace;
  /** Hears how each attempt ended, for the request's log line. */
  readonly onAttempt: (result: AttemptResult) => void;
};

interface RecordedDispatch {
  /** Id of the model, or name of the route. */
  readonly model: string;
  readonly deployment: Pick<Deployment, "name" | "engine"> & { readonly usageSource: Deployment["usageSource"] | "cache" };
  readonly origin: Origin;
  /** Within the request, from 1. */
  readonly attempt: number;
  readonly cause: AttemptFacts["cause"];
  /** How long the request waited for its place. */
  readonly queuedMs: number;
  /** Sends the request to the replica. */
  readonly dispatch: (trace: NonNullable<GenerateRequest["trace"]>) => AsyncIterable<GenerateEvent>;
  readonly signal: AbortSignal;
}

interface RequestCounts {
  readonly model: string;
  /** Those that a replica works on. */
  running: number;
  /** Those that wait for a replica or for one of its slots. */
  waiting: number;
}

/** OpenTelemetry's names of what an endpoint asks a model to do (`gen_ai.operation.name`). */
const OPERATIONS: Readonly<Record<string, string>> = {
  "chat.completions": "chat",
  completions: "text_completion",
  messages: "chat",
  responses: "chat",
};

/** Notes each attempt where operators look for it: in the ledger, the metrics and the trace. */
export class AttemptRecorder {
  readonly #ledger: Pick<Ledger, "begin">;
  readonly #metrics: Metrics;
  readonly #counts = new Map<string, RequestCounts>();

  constructor({ ledger, metrics }: { readonly ledger: Pick<Ledger, "begin">; readonly metrics: Metrics }) {
    this.#ledger = ledger;
    this.#metrics = metrics;
  }

  /** How many attempts are under way for each model that has had one. */
  requestCounts(): Iterable<Readonly<RequestCounts>> {
    return this.#counts.values();
  }

  /** Passes the events on. Asking for the first one throws `LedgerUnavailableError` where the attempt cannot be noted; then nothing is sent. */
  record({ model, deployment, origin, attempt, cause, queuedMs, dispatch, signal }: RecordedDispatch): AsyncIterable<GenerateEvent> {
    const { trace: requestTrace, onAttempt, ...asked } = origin;
    const facts: AttemptFacts = { ...asked, model, deployment: deployment.name, attempt, cause, queuedMs: Math.round(queuedMs) };
    const trace = requestTrace.startAttempt({
      operation: OPERATIONS[asked.endpoint] ?? asked.endpoint,
      model,
      provider: deployment.engine,
      deployment: deployment.name,
      cause,
      attempt,
      streamed: asked.streamed,
    });
    const pace = new TokenPace(this.#metrics.model(model), trace);
    const counts = this.#countsOf(model);
    let place: "waiting" | "running" = "waiting";
    return recordAttempt({
      ledger: this.#ledger,
      facts,
      countedBy: deployment.usageSource,
      events: dispatch({ ...trace.headers, "x-request-id": asked.requestId }),
      signal,
      onBegin: () => {
        counts.waiting++;
      },
      onStart: (waitedThereMs) => {
        if (waitedThereMs !== undefined) this.#metrics.requestLeftQueue(model, waitedThereMs);
        counts[place]--;
        place = "running";
        counts.running++;
      },
      onToken: (choice) => pace.token(choice),
      onEnd: (result) => {
        counts[place]--;
        trace.end(result);
        onAttempt(result);
      },
    });
  }

  #countsOf(model: string): RequestCounts {
    const known = this.#counts.get(model);
    if (known !== undefined) return known;
    const counts = { model, running: 0, waiting: 0 };
    this.#counts.set(model, counts);
    // Upstreams list hundreds; only those that are used have series.
    this.#metrics.addModel(model);
    return counts;
  }
}
