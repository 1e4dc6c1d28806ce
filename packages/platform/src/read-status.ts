import type { PlatformStatus } from "@bonfire/protocol/status";
import type { Ledger } from "./metering/ledger.ts";
import type { AttemptRecorder } from "./serving/attempt-recorder.ts";
import type { RunningDatabase } from "./start-database.ts";
import type { RunningModels } from "./start-local-models.ts";
import { VERSION } from "./version.ts";

interface StatusSources {
  readonly home: string;
  readonly baseUrl: string;
  readonly startedAt: Date;
  readonly database: RunningDatabase;
  readonly ledger: Ledger;
  readonly attempts: AttemptRecorder;
  readonly local: RunningModels;
}

/** What an operator sees of the platform at one glance. */
export async function readStatus({ home, baseUrl, startedAt, database, ledger, attempts, local }: StatusSources): Promise<PlatformStatus> {
  const { budget, used } = local.fleet.memory();
  const state = database.state();
  return {
    object: "status",
    version: VERSION,
    pid: process.pid,
    home,
    base_url: baseUrl,
    started_at: unixSeconds(startedAt),
    running_requests: [...attempts.requestCounts()].reduce((sum, { running, waiting }) => sum + running + waiting, 0),
    database: { kind: database.kind, state: state.status === "up" ? "up" : "down", since: unixSeconds(state.since) },
    ledger: {
      running_attempts: ledger.runningAttempts,
      waiting_rows: ledger.rowsWaiting,
      write_ahead_bytes: ledger.writeAheadBytes,
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

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
