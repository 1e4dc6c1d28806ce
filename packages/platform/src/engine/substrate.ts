import type { LaunchPlan, ReplicaAddress } from "./engine.ts";

export interface ReplicaIdentity {
  readonly id: string;
  readonly model: string;
  /** One-use key between the platform and this replica. */
  readonly secret: string;
}

export interface ObservedReplica {
  readonly id: string;
  readonly model: string;
  readonly address: ReplicaAddress;
  readonly state: "running" | "exited";
  /** Why it ended, in words for an operator. */
  readonly reason?: string;
}

/** Starts and stops what a plan describes. Decides nothing about when. */
export interface Substrate {
  readonly name: string;
  start(plan: LaunchPlan, identity: ReplicaIdentity): Promise<ObservedReplica>;
  observe(): Promise<readonly ObservedReplica[]>;
  /** Settles when the replica has ended by whatever cause. */
  ended(id: string): Promise<ObservedReplica>;
  /** Settles when it is gone; at once where it is gone already. */
  stop(id: string, graceMs: number): Promise<void>;
}
