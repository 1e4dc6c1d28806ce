import type { Engine, LaunchPlan, MemoryBytes } from "../engine/engine.ts";
import type { ModelState } from "./model-state.ts";

/** A model that this process runs itself. */
export interface LocalDeployment {
  /** Public model id. */
  readonly id: string;
  readonly engine: Engine;
  /** Pure: how one replica is started with so much memory. What it says for a larger budget is at least as good. */
  readonly plan: (budget: MemoryBytes) => LaunchPlan;
  /** Loaded as soon as it is known, never unloaded for being idle, the last to make room for others. */
  readonly pinned?: boolean;
  /** Unloaded when idle for so long, 0 for at once; without it, only to make room. */
  readonly keepAliveMs?: number | undefined;
}

export interface ModelStatus {
  readonly id: string;
  readonly state: ModelState;
  /** When it entered this state. Times are in milliseconds since 1970. */
  readonly since: number;
  /** Why it failed or is started again, or what it waits for. Engines' own words: for operators, not for clients. */
  readonly reason?: string;
  readonly pinned: boolean;
  /** Of the running replica; of one that is not loaded, what it would have with the whole budget. So are the next three. */
  readonly slots: number;
  readonly contextLength: number;
  readonly gpuLayers: number;
  readonly memory: MemoryBytes;
  /** Requests that run on it. */
  readonly leases: number;
  /** Requests that wait for it. */
  readonly waiting: number;
  /** Starts after a crash, since it was loaded. */
  readonly restarts: number;
  /** When the next start is due, while one is waited for. */
  readonly restartAt?: number;
  /** Absent while it is not loaded. */
  readonly loadedAt?: number;
  /** Absent while it has not been used. */
  readonly lastUsedAt?: number;
}

export type FleetEvent =
  | { readonly type: "state"; readonly model: string; readonly from: ModelState; readonly to: ModelState; readonly reason?: string }
  | { readonly type: "loaded"; readonly model: string; readonly loadMs: number; readonly memory: MemoryBytes }
  /** Its engine died; it is started again after a pause. */
  | { readonly type: "restart"; readonly model: string; readonly reason: string; readonly restartInMs: number }
  /** Unloaded to make room for another model. */
  | { readonly type: "evicted"; readonly model: string; readonly for: string }
  /** Memory did not suffice; it is tried once more, without those that were idle. */
  | { readonly type: "load-retried"; readonly model: string; readonly reason: string };
