import type { PlatformStatus } from "@bonfire/protocol/status";
import type { Ledger } from "./metering/ledger.ts";
import type { AttemptRecorder } from "./serving/attempt-recorder.ts";
import type { RunningDatabase } from "./start-database.ts";
import type { RunningModels } from "./start-local-models.ts";
import { VERSION } from "./version.ts";
import type { WorkerReport } from "./workers/messages.ts";

interface StatusSources {
  readonly home: string;
  readonly baseUrl: string;
  readonly startedAt: Date;
  readonly database: RunningDatabase;
  readonly ledger: Ledger;
  readonly attempts: AttemptRecorder;
  readonly local: RunningModels;
  /** Of the workers, where there are any. */
  readonly reports: readonly WorkerReport[];
}

/** What an operator sees of the platform at one glance. */
export async function readStatus(sources: StatusSources): Promise<PlatformStatus> {
  const { home, baseUrl, startedAt, database, ledger, attempts, local, reports } = sources;
  const sum = (of: (report: WorkerReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const { budget, used } = local.fleet.memory();
  const state = database.state();
  return {
    object: "status",
    version: VERSION,
    pid: process.pid,
    home,
    base_url: baseUrl,
    started_at: unixSeconds(startedAt),
    running_requests: countRequests(attempts) + sum(({ runningRequests }) => runningRequests),
    database: { kind: database.kind, state: state.status === "up" ? "up" : "down", since: unixSeconds(state.since) },
    ledger: {
      running_attempts: ledger.runningAttempts + sum(({ runningAttempts }) => runningAttempts),
      waiting_rows: ledger.rowsWaiting + sum(({ waitingRows }) => waitingRows),
      write_ahead_bytes: ledger.writeAheadBytes + sum(({ writeAheadBytes }) => writeAheadBytes),
    },
    memory: {
      budget_bytes: Math.round(budget.ramBytes),
      used_bytes: Math.round(used.ramBytes),
      gpu_budget_bytes: Math.round(budget.vramBytes),
      gpu_used_bytes: Math.round(used.vramBytes),
    },
    gpus: local.hardware.accelerators.map(({ name, memoryBytes }) => ({ name, memory_bytes: memoryBytes })),
    models: [...(await local.models.list())],
  };
}

/** Those that run or wait in this process. */
export function countRequests(attempts: Pick<AttemptRecorder, "requestCounts">): number {
  return [...attempts.requestCounts()].reduce((total, { running, waiting }) => total + running + waiting, 0);
}

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
