import type { GenerateEvent, GenerateRequest } from "./generation.ts";

/** Where a replica listens. */
export type ReplicaAddress =
  | { readonly kind: "unix"; readonly socketPath: string }
  /** Base URL up to and including the API's own prefix: `http://127.0.0.1:8000/v1`. */
  | { readonly kind: "url"; readonly url: string };

/** One kind of inference server. Pure apart from `connect`. */
export interface Engine {
  readonly name: string;
  /** How to start one replica; absent when it can only be attached. */
  launch?(spec: ReplicaSpec): LaunchPlan;
  /** A client of one running replica. */
  connect(replica: ReplicaConnection): ModelClient;
}

/** What one replica is to serve, and on what. */
export interface ReplicaSpec {
  /** Public model id. */
  readonly model: string;
  readonly weightsPath: string;
  readonly weightsBytes: number;
  /** Longest prompt plus answer that the model was trained for, tokens. */
  readonly contextLength: number;
  readonly kvBytesPerToken: number;
  readonly hardware: { readonly cpuCores: number; readonly memoryBytes: number };
  /** The program and what comes before the engine's own flags. */
  readonly runtime: { readonly command: string; readonly leadingArgs: readonly string[] };
}

/** In `args` and `env`, these stand for what only the substrate knows. */
export const PLACEHOLDER = { socketPath: "{socketPath}", secret: "{secret}" } as const;

export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to a minimal environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests that run at once. */
  readonly slots: number;
  /** Tokens of prompt and answer together, for each slot. */
  readonly contextLength: number;
  /** Resident memory when loaded, an estimate. */
  readonly memoryBytes: number;
}

export interface ReplicaConnection {
  readonly address: ReplicaAddress;
  /** The name by which the replica knows the model. */
  readonly model: string;
  /** Absent where the other side does not tell or does not matter. */
  readonly slots?: number;
  readonly contextLength?: number;
  /** Asked before each call, so that short-lived credentials can be renewed. */
  readonly credentials: () => Promise<string | undefined>;
}

export interface ReplicaHealth {
  readonly state: "ready" | "starting";
  /** Slots that are computing right now, where the replica tells. */
  readonly busySlots?: number;
  /** Names of the models that it serves, where it tells. */
  readonly models?: readonly string[];
}

/** What a replica can do is the set of members that are present. Every call takes a signal and stops soon after it aborts. */
export interface ModelClient {
  /** @throws EngineError, or the signal's reason. */
  readonly generate?: (request: GenerateRequest, signal: AbortSignal) => AsyncIterable<GenerateEvent>;
  /** @throws EngineError `unreachable` when nobody answers. */
  health(signal: AbortSignal): Promise<ReplicaHealth>;
  /** Gives up idle connections. */
  close(): Promise<void>;
}
