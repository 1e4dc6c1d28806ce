import { readdirSync } from "node:fs";
import { constants, type EventLoopUtilization, monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import type { Counter } from "prom-client";
import type { Instruments } from "./instruments.ts";
import { METRICS } from "./metric-table.ts";

const NANOSECONDS_PER_SECOND = 1e9;
const MICROSECONDS_PER_SECOND = 1e6;
/** Every sample wakes the process, which a CPU engine beside it pays for: five a second are enough to see a loop that is blocked. */
const LAG_RESOLUTION_MS = 200;
const LAG_QUANTILES = [0.5, 0.9, 0.99, 1] as const;
const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

/**
 * What this process takes. prom-client's own default metrics start an event-loop monitor and a garbage-collection observer that nothing
 * can stop; these end with the platform.
 */
export class ProcessMetrics {
  readonly #cpu: Counter;
  readonly #set: ReadonlyArray<() => void>;
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  readonly #collections: PerformanceObserver;
  #cpuSeconds = 0;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(instruments: Instruments) {
    this.#cpu = instruments.counter(METRICS.cpuSeconds);
    instruments.gauge(METRICS.startTime).set(performance.timeOrigin / 1_000);
    const resident = instruments.gauge(METRICS.residentMemory);
    const heapUsed = instruments.gauge(METRICS.heapUsed);
    const heapTotal = instruments.gauge(METRICS.heapTotal);
    const external = instruments.gauge(METRICS.externalMemory);
    const openFiles = instruments.gauge(METRICS.openFiles);
    const lag = instruments.gauge(METRICS.eventLoopLag);
    const utilization = instruments.gauge(METRICS.eventLoopUtilization);
    const gc = instruments.counter(METRICS.gcDuration);
    for (const kind of GC_KINDS.values()) gc.inc({ kind }, 0);

    this.#set = [
      () => {
        const memory = process.memoryUsage();
        resident.set(memory.rss);
        heapUsed.set(memory.heapUsed);
        heapTotal.set(memory.heapTotal);
        external.set(memory.external);
      },
      () => {
        const count = countOpenFiles();
        if (count !== undefined) openFiles.set(count);
      },
      () => {
        for (const quantile of LAG_QUANTILES) {
          const nanoseconds = this.#lag.count === 0 ? 0 : this.#lag.percentile(quantile * 100);
          // The monitor measures the whole interval between two of its timers.
          lag.set({ quantile }, Math.max(0, nanoseconds / NANOSECONDS_PER_SECOND - LAG_RESOLUTION_MS / 1_000));
        }
        this.#lag.reset();
      },
      () => {
        const now = performance.eventLoopUtilization();
        utilization.set(performance.eventLoopUtilization(now, this.#utilization).utilization);
        this.#utilization = now;
      },
    ];

    this.#lag.enable();
    this.#collections = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) gc.inc({ kind: kindOf(entry) }, entry.duration / 1_000);
    });
    this.#collections.observe({ entryTypes: ["gc"] });
  }

  /** Reads what is only known at the moment of a scrape. */
  collect(): void {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / MICROSECONDS_PER_SECOND;
    this.#cpu.inc(seconds - this.#cpuSeconds);
    this.#cpuSeconds = seconds;
    for (const set of this.#set) set();
  }

  stop(): void {
    this.#lag.disable();
    this.#collections.disconnect();
  }
}

function kindOf(entry: object): string {
  const detail = "detail" in entry ? entry.detail : undefined;
  const kind = typeof detail === "object" && detail !== null && "kind" in detail ? detail.kind : undefined;
  return (typeof kind === "number" ? GC_KINDS.get(kind) : undefined) ?? "other";
}

/** Undefined where there is no /proc. */
function countOpenFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
