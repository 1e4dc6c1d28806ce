import type { RetryClass } from "@bonfire/protocol/routes";
import type { Counter, Gauge, Histogram } from "prom-client";
import { DeploymentMetrics, type ShownDeployment } from "./deployment-metrics.ts";
import { Instruments, type MetricValues } from "./instruments.ts";
import { METRICS } from "./metric-table.ts";
import { type EndedAttempt, ModelMetrics } from "./model-metrics.ts";
import { ProcessMetrics } from "./process-metrics.ts";

interface EndedRequest {
  readonly method: string;
  /** The route's pattern, never the path that was asked for; undefined where no route matched. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}

interface EndedLoad {
  readonly model: string;
  readonly outcome: "succeeded" | "failed";
  readonly durationMs: number;
}

type Tier = "priority" | "default" | "flex" | "batch";

/** State of other parts, asked for at the moment of a scrape. A source that is absent leaves its gauges out. */
export interface MetricSources {
  readonly requests?: () => Iterable<{ readonly model: string; readonly running: number; readonly waiting: number }>;
  /** One for each model and tier that somebody waits in. */
  readonly queues?: () => Iterable<{ readonly model: string; readonly tier: Tier; readonly waiting: number }>;
  readonly deployments?: () => Iterable<ShownDeployment>;
  readonly cache?: () => { readonly answers: number; readonly bytes: number };
  /** One for each replica. */
  readonly replicas?: () => Iterable<{ readonly model: string; readonly state: string }>;
  readonly ledger?: () => { readonly rowsWaiting: number; readonly writeAheadBytes: number; readonly runningAttempts: number };
  readonly databaseIsUp?: () => boolean;
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** The label of what has no name of its own, so that nobody outside can add series. */
const OTHER = "other";
const NO_ROUTE = "unmatched";

/** The numbers of one platform, in a registry of its own. Series exist only for models that were made known. */
export class Metrics {
  readonly #instruments = new Instruments();
  readonly #process = new ProcessMetrics(this.#instruments);
  readonly #models = new Map<string, ModelMetrics>();
  readonly #deployments = new DeploymentMetrics(this.#instruments, OTHER);
  readonly #other: ModelMetrics;
  #sources: MetricSources = {};

  readonly #httpRequests: Counter = this.#instruments.counter(METRICS.httpRequests);
  readonly #httpRequestDuration: Histogram = this.#instruments.histogram(METRICS.httpRequestDuration);
  readonly #modelInstruments = {
    attempts: this.#instruments.counter(METRICS.attempts),
    attemptDuration: this.#instruments.histogram(METRICS.attemptDuration),
    tokens: this.#instruments.counter(METRICS.tokens),
    timeToFirstToken: this.#instruments.histogram(METRICS.timeToFirstToken),
    interTokenLatency: this.#instruments.histogram(METRICS.interTokenLatency),
    queueTime: this.#instruments.histogram(METRICS.queueTime),
    admissionTime: this.#instruments.histogram(METRICS.admissionTime),
    retries: this.#instruments.counter(METRICS.retries),
    fallbacks: this.#instruments.counter(METRICS.fallbacks),
    hedgesBegun: this.#instruments.counter(METRICS.hedgesBegun),
    hedgesWon: this.#instruments.counter(METRICS.hedgesWon),
    cacheLookups: this.#instruments.counter(METRICS.cacheLookups),
    replicaRestarts: this.#instruments.counter(METRICS.replicaRestarts),
    modelLoads: this.#instruments.counter(METRICS.modelLoads),
    modelLoadDuration: this.#instruments.histogram(METRICS.modelLoadDuration),
    modelEvictions: this.#instruments.counter(METRICS.modelEvictions),
  };
  readonly #requestsRunning: Gauge = this.#instruments.gauge(METRICS.requestsRunning);
  readonly #requestsWaiting: Gauge = this.#instruments.gauge(METRICS.requestsWaiting);
  readonly #admissionWaiting: Gauge = this.#instruments.gauge(METRICS.admissionWaiting);
  readonly #replicas: Gauge = this.#instruments.gauge(METRICS.replicas);
  // Registered once their source is known: a gauge without labels would say 0 before.
  #ledger: { readonly rowsWaiting: Gauge; readonly writeAheadBytes: Gauge; readonly runningAttempts: Gauge } | undefined;
  #cache: { readonly answers: Gauge; readonly bytes: Gauge } | undefined;
  #databaseUp: Gauge | undefined;

  constructor({ version }: { readonly version: string }) {
    this.#instruments.gauge(METRICS.buildInfo).set({ version }, 1);
    this.#other = new ModelMetrics(OTHER, this.#modelInstruments);
  }

  get contentType(): string {
    return this.#instruments.contentType;
  }

  /** Adds to what is asked at each scrape. */
  pullFrom(sources: MetricSources): void {
    this.#sources = { ...this.#sources, ...sources };
    if (sources.ledger !== undefined) {
      this.#ledger ??= {
        rowsWaiting: this.#instruments.gauge(METRICS.ledgerRowsWaiting),
        writeAheadBytes: this.#instruments.gauge(METRICS.ledgerWriteAheadBytes),
        runningAttempts: this.#instruments.gauge(METRICS.attemptsRunning),
      };
    }
    if (sources.cache !== undefined) {
      this.#cache ??= { answers: this.#instruments.gauge(METRICS.cacheAnswers), bytes: this.#instruments.gauge(METRICS.cacheBytes) };
    }
    if (sources.databaseIsUp !== undefined) this.#databaseUp ??= this.#instruments.gauge(METRICS.databaseUp);
  }

  /** From now on the model has series of its own, which begin at zero, so that a rate sees its first attempt. */
  addModel(id: string): void {
    if (this.#models.has(id)) return;
    const model = new ModelMetrics(id, this.#modelInstruments);
    model.begin();
    this.#models.set(id, model);
  }

  /** What is counted for one model, to be kept where tokens pass by; a model that was not made known counts as `other`. */
  model(id: string): ModelMetrics {
    return this.#models.get(id) ?? this.#other;
  }

  requestEnded({ method, route = NO_ROUTE, status, durationMs }: EndedRequest): void {
    const knownMethod = KNOWN_METHODS.has(method) ? method : OTHER;
    this.#httpRequests.inc({ method: knownMethod, route, status });
    this.#httpRequestDuration.observe({ method: knownMethod, route }, durationMs / 1_000);
  }

  /** Called once for each row that the ledger gets: the sums of both are equal. */
  attemptEnded(attempt: EndedAttempt): void {
    this.model(attempt.model).attemptEnded(attempt);
    this.#deployments.attemptEnded(attempt);
  }

  /** From now on these deployments have series of their own, and no others: what is counted for those counts as `other`. */
  retainDeployments(names: Iterable<string>): void {
    this.#deployments.retain(names);
  }

  /** A request got a place at one of its model's deployments. @param admitted.waitedMs 0 where one was free. */
  requestAdmitted({ model, tier, waitedMs }: { readonly model: string; readonly tier: Tier; readonly waitedMs: number }): void {
    this.model(model).admitted(tier, waitedMs);
  }

  /** Another attempt begins because one has failed. */
  attemptRetried({ model, retryClass }: { readonly model: string; readonly retryClass: RetryClass }): void {
    this.model(model).retried(retryClass);
  }

  /** A request goes on to a later group of its route, or to another model that it named. */
  requestFellBack(model: string): void {
    this.model(model).fellBack();
  }

  /** A second attempt begins because the first one is slow. */
  hedgeBegun(model: string): void {
    this.model(model).hedgeBegun();
  }

  /** The second attempt answered first. */
  hedgeWon(model: string): void {
    this.model(model).hedgeWon();
  }

  /** A stored answer was looked for. */
  cacheLooked({ model, hit }: { readonly model: string; readonly hit: boolean }): void {
    this.model(model).cacheLooked(hit);
  }

  /** A request's turn came. */
  requestLeftQueue(model: string, waitedMs: number): void {
    this.model(model).leftQueue(waitedMs);
  }

  replicaRestarted(model: string): void {
    this.model(model).replicaRestarted();
  }

  modelLoaded({ model, outcome, durationMs }: EndedLoad): void {
    this.model(model).loaded(outcome, durationMs);
  }

  modelEvicted(model: string): void {
    this.model(model).evicted();
  }

  /** For `GET /metrics`. */
  async render(): Promise<string> {
    this.#pull();
    return this.#instruments.render();
  }

  /** The same as data, to be added to those of other processes. */
  async values(): Promise<readonly MetricValues[]> {
    this.#pull();
    return this.#instruments.values();
  }

  /** Ends everything that watches the process. */
  stop(): void {
    this.#process.stop();
    this.#instruments.clear();
  }

  #pull(): void {
    this.#process.collect();
    const { requests, queues, deployments, replicas, ledger, cache, databaseIsUp } = this.#sources;
    this.#requestsRunning.reset();
    this.#requestsWaiting.reset();
    for (const { model, running, waiting } of requests?.() ?? []) {
      const label = this.model(model).label;
      this.#requestsRunning.inc(label, running);
      this.#requestsWaiting.inc(label, waiting);
    }
    this.#admissionWaiting.reset();
    for (const { model, tier, waiting } of queues?.() ?? []) this.#admissionWaiting.inc({ ...this.model(model).label, tier }, waiting);
    this.#deployments.show(deployments?.() ?? []);
    this.#replicas.reset();
    for (const { model, state } of replicas?.() ?? []) this.#replicas.inc({ ...this.model(model).label, state });
    if (ledger !== undefined) {
      const { rowsWaiting, writeAheadBytes, runningAttempts } = ledger();
      this.#ledger?.rowsWaiting.set(rowsWaiting);
      this.#ledger?.writeAheadBytes.set(writeAheadBytes);
      this.#ledger?.runningAttempts.set(runningAttempts);
    }
    if (cache !== undefined) {
      const { answers, bytes } = cache();
      this.#cache?.answers.set(answers);
      this.#cache?.bytes.set(bytes);
    }
    if (databaseIsUp !== undefined) this.#databaseUp?.set(databaseIsUp() ? 1 : 0);
  }
}
