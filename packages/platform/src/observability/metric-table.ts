type MetricType = "counter" | "gauge" | "histogram";

export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
  /** What several processes of one platform say together. @default "sum" */
  readonly together?: "sum" | "first" | "min" | "max";
}

/** Whole requests and attempts: from an answer out of memory to a long generation on a slow machine. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** The bounds of OpenTelemetry's `gen_ai.server.time_to_first_token`, and beyond them what a long prompt takes on a CPU. */
const FIRST_TOKEN_BUCKETS = [0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160];
/** The bounds of OpenTelemetry's `gen_ai.server.time_per_output_token`, below them what a GPU reaches, above them what a reader calls stuck. */
const INTER_TOKEN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];
/** Most requests wait for nothing; nobody waits longer than clients do. */
const QUEUE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
/** From a small model in the page cache to hundreds of gigabytes from a slow disk. */
const LOAD_BUCKETS = [0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1_200];

/** Every metric that the platform gives out; `docs/observability.md` and the dashboard are tested against this table. */
export const METRICS = {
  buildInfo: {
    name: "bonfire_build_info",
    type: "gauge",
    help: "Always 1; the label tells the version.",
    labels: ["version"],
    together: "first",
  },
  httpRequests: {
    name: "bonfire_http_requests_total",
    type: "counter",
    help: "HTTP requests that ended, by method, route pattern and status; 499 is a client that hung up.",
    labels: ["method", "route", "status"],
  },
  httpRequestDuration: {
    name: "bonfire_http_request_duration_seconds",
    type: "histogram",
    help: "From the arrival of a request to the end of its answer.",
    labels: ["method", "route"],
    buckets: DURATION_BUCKETS,
  },
  attempts: {
    name: "bonfire_attempts_total",
    type: "counter",
    help: "Requests sent to a replica that ended, by outcome: succeeded, cancelled, failed, interrupted.",
    labels: ["model", "outcome"],
  },
  attemptDuration: {
    name: "bonfire_attempt_duration_seconds",
    type: "histogram",
    help: "From sending a request to a replica to the end of its answer.",
    labels: ["model"],
    buckets: DURATION_BUCKETS,
  },
  tokens: {
    name: "bonfire_tokens_total",
    type: "counter",
    help: "Tokens of ended attempts by class: uncached_prompt, cached_prompt, completion (visible), reasoning. The classes are disjoint.",
    labels: ["model", "class"],
  },
  timeToFirstToken: {
    name: "bonfire_time_to_first_token_seconds",
    type: "histogram",
    help: "From sending a request to a replica to the first content of its answer.",
    labels: ["model"],
    buckets: FIRST_TOKEN_BUCKETS,
  },
  interTokenLatency: {
    name: "bonfire_inter_token_latency_seconds",
    type: "histogram",
    help: "Gap between two pieces of content of one answer, one observation for each gap.",
    labels: ["model"],
    buckets: INTER_TOKEN_BUCKETS,
  },
  requestsRunning: {
    name: "bonfire_requests_running",
    type: "gauge",
    help: "Requests for a model that run now.",
    labels: ["model"],
  },
  requestsWaiting: {
    name: "bonfire_requests_waiting",
    type: "gauge",
    help: "Requests for a model that wait for their turn now.",
    labels: ["model"],
  },
  queueTime: {
    name: "bonfire_queue_time_seconds",
    type: "histogram",
    help: "How long a request waited for its turn before it was sent to a replica.",
    labels: ["model"],
    buckets: QUEUE_BUCKETS,
  },
  admissionWaiting: {
    name: "bonfire_admission_waiting",
    type: "gauge",
    help: "Requests that wait for a free place at one of a model's deployments now, by tier: priority, default, flex, batch.",
    labels: ["model", "tier"],
  },
  admissionTime: {
    name: "bonfire_admission_time_seconds",
    type: "histogram",
    help: "How long an admitted request waited for a free place at one of a model's deployments.",
    labels: ["model", "tier"],
    buckets: QUEUE_BUCKETS,
  },
  deploymentAttempts: {
    name: "bonfire_deployment_attempts_total",
    type: "counter",
    help: "Attempts that ended, by cause (first, retry, fallback, hedge) and outcome; cache is no deployment, but answers that were stored.",
    labels: ["deployment", "cause", "outcome"],
  },
  deploymentRequestsRunning: {
    name: "bonfire_deployment_requests_running",
    type: "gauge",
    help: "Requests that this gateway has at a deployment now.",
    labels: ["deployment"],
  },
  deploymentBreaker: {
    name: "bonfire_deployment_breaker",
    type: "gauge",
    help: "1 for the state that a deployment's circuit breaker is in: closed, open, half_open.",
    labels: ["deployment", "state"],
    together: "max",
  },
  deploymentPlaces: {
    name: "bonfire_deployment_places",
    type: "gauge",
    help: "Most requests that a deployment takes at once, from all gateways together, where such a bound is known.",
    labels: ["deployment"],
    together: "max",
  },
  deploymentPlacesShare: {
    name: "bonfire_deployment_places_share",
    type: "gauge",
    help: "Those of a deployment's places that are this gateway's.",
    labels: ["deployment"],
  },
  retries: {
    name: "bonfire_retries_total",
    type: "counter",
    help: "Attempts that were made once more because one had failed, by the class of its failure.",
    labels: ["model", "class"],
  },
  fallbacks: {
    name: "bonfire_fallbacks_total",
    type: "counter",
    help: "Requests that went on to a later group of their route, or to another model that they named.",
    labels: ["model"],
  },
  hedgesBegun: {
    name: "bonfire_hedges_begun_total",
    type: "counter",
    help: "Second attempts that began because the first one was slow.",
    labels: ["model"],
  },
  hedgesWon: {
    name: "bonfire_hedges_won_total",
    type: "counter",
    help: "Second attempts whose content came before that of the first one.",
    labels: ["model"],
  },
  cacheLookups: {
    name: "bonfire_cache_lookups_total",
    type: "counter",
    help: "Requests for which a stored answer was looked for, by result: hit, miss.",
    labels: ["model", "result"],
  },
  cacheBytes: {
    name: "bonfire_cache_bytes",
    type: "gauge",
    help: "Size of the stored answers in this process's memory.",
    labels: [],
  },
  cacheAnswers: { name: "bonfire_cache_answers", type: "gauge", help: "Stored answers in this process's memory.", labels: [] },
  replicas: { name: "bonfire_replicas", type: "gauge", help: "Replicas of a model by state.", labels: ["model", "state"] },
  replicaRestarts: {
    name: "bonfire_replica_restarts_total",
    type: "counter",
    help: "Replicas that were started again after they had died.",
    labels: ["model"],
  },
  modelLoads: {
    name: "bonfire_model_loads_total",
    type: "counter",
    help: "Loads of a model that ended, by outcome: succeeded, failed.",
    labels: ["model", "outcome"],
  },
  modelLoadDuration: {
    name: "bonfire_model_load_duration_seconds",
    type: "histogram",
    help: "From the start of a model's replica to the moment it can answer.",
    labels: ["model"],
    buckets: LOAD_BUCKETS,
  },
  modelEvictions: {
    name: "bonfire_model_evictions_total",
    type: "counter",
    help: "Models that were unloaded to make room for another one.",
    labels: ["model"],
  },
  ledgerRowsWaiting: {
    name: "bonfire_ledger_rows_waiting",
    type: "gauge",
    help: "Rows of the ledger that are not in the database yet.",
    labels: [],
  },
  ledgerWriteAheadBytes: {
    name: "bonfire_ledger_write_ahead_bytes",
    type: "gauge",
    help: "Size of the ledger's write-ahead file.",
    labels: [],
  },
  attemptsRunning: {
    name: "bonfire_attempts_running",
    type: "gauge",
    help: "Attempts that the ledger knows to be running.",
    labels: [],
  },
  databaseUp: {
    name: "bonfire_database_up",
    type: "gauge",
    help: "1 while the database answers, 0 while it does not.",
    labels: [],
    together: "min",
  },
  cpuSeconds: {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "User and system CPU time of the platform's process; engines and the database are processes of their own.",
    labels: [],
  },
  startTime: {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "Start of the process, seconds since the Unix epoch.",
    labels: [],
    together: "min",
  },
  residentMemory: { name: "process_resident_memory_bytes", type: "gauge", help: "Resident memory of the process.", labels: [] },
  openFiles: {
    name: "process_open_fds",
    type: "gauge",
    help: "Open files and sockets of the process, where the system tells.",
    labels: [],
  },
  heapUsed: { name: "nodejs_heap_size_used_bytes", type: "gauge", help: "JavaScript heap in use.", labels: [] },
  heapTotal: { name: "nodejs_heap_size_total_bytes", type: "gauge", help: "JavaScript heap that is reserved.", labels: [] },
  externalMemory: {
    name: "nodejs_external_memory_bytes",
    type: "gauge",
    help: "Memory of buffers outside the JavaScript heap.",
    labels: [],
  },
  eventLoopLag: {
    name: "nodejs_eventloop_lag_quantile_seconds",
    type: "gauge",
    help: "Delay of the event loop since the last scrape: quantile 0.5, 0.9, 0.99 and 1 (the worst).",
    labels: ["quantile"],
    together: "max",
  },
  eventLoopUtilization: {
    name: "nodejs_eventloop_utilization_ratio",
    type: "gauge",
    help: "Part of the time since the last scrape in which the event loop was busy, 0 to 1.",
    labels: [],
    together: "max",
  },
  gcDuration: {
    name: "nodejs_gc_duration_seconds_total",
    type: "counter",
    help: "Time spent in garbage collection, by kind: minor, major, incremental, weakcb.",
    labels: ["kind"],
  },
} as const satisfies Record<string, MetricDefinition>;
