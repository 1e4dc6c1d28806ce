import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "./generation.ts";

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

/** Bytes in the machine's memory, and in the memory of its accelerators, all of them together. */
export interface MemoryBytes {
  readonly ramBytes: number;
  readonly vramBytes: number;
}

/** What one replica is to serve, and on what. */
export interface ReplicaSpec {
  /** Public model id. */
  readonly model: string;
  /** Of weights that are split into parts, the first. */
  readonly weightsPath: string;
  /** What turns images into tokens, for models that see. */
  readonly projectorPath?: string;
  /** Of all parts, the projector included. */
  readonly weightsBytes: number;
  /** Repeating blocks of the model; its output layer is not counted. */
  readonly layers: number;
  /** Longest prompt plus answer that the model was trained for, tokens. */
  readonly contextLength: number;
  readonly kvBytesPerToken: number;
  readonly cpuCores: number;
  /** What this replica may plan with. Without memory of accelerators it is planned for the CPU alone. */
  readonly budget: MemoryBytes;
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
  /** Layers that accelerators compute, the output layer counted as one; 0 where the CPU does all the work. */
  readonly gpuLayers: number;
  /** What is read from disk before it can answer: a start may take the longer, the more that is. */
  readonly weightsBytes: number;
  /** What it holds when it is loaded, an estimate. */
  readonly memory: MemoryBytes;
}

export interface ReplicaConnection {
  readonly address: ReplicaAddress;
  /** The name by which the replica knows the model. */
  readonly model: string;
  /** Absent where the other side does not tell or does not matter. */
  readonly slots?: number;
  readonly contextLength?: number;
  /** What the other side understands beyond its format, for engines that know several kinds: `generic`, `openai`. */
  readonly profile?: string;
  /** Signs each call. */
  readonly credentials: Credentials;
  /** Sent with each call; no secrets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to each call's query. */
  readonly query?: Readonly<Record<string, string>>;
  /** Until the connection stands, milliseconds. */
  readonly connectTimeoutMs?: number;
}

/** A call as it goes out but for its signature. */
export interface OutgoingCall {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** What it is asked of, where that is known: a key that may not use one model may use another. */
  readonly model?: string | undefined;
}

export interface SignedCall {
  /** To be added: who we are. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Hears that the other side answered 401, 402, 403 or 429. @returns whether there are other credentials that may be taken now: then
   * the same call can be made again at once.
   */
  readonly refused?: (status: number, retryAfterMs: number | undefined) => boolean;
}

/** Asked just before each call, so that several keys can take turns and short-lived tokens can be renewed. @throws EngineError `refused` where none is left. */
export type Credentials = (call: OutgoingCall) => Promise<SignedCall>;

export interface ReplicaHealth {
  readonly state: "ready" | "starting";
  /** Slots that are computing right now, where the replica tells. */
  readonly busySlots?: number;
  /** The models that it serves, where it tells. */
  readonly models?: readonly ListedModel[];
}

/** What a server's own list says of a model. */
export interface ListedModel {
  readonly id: string;
  /** Tokens of prompt and answer together, where it tells. */
  readonly contextLength?: number;
  /** Whether it can converse; false where the list says that it is of another kind. */
  readonly chat?: boolean;
  readonly vision?: boolean;
}

/** What a replica can do is the set of members that are present. Every call takes a signal and stops soon after it aborts. */
export interface ModelClient {
  /** @throws EngineError, or the signal's reason. */
  readonly generate?: (request: GenerateRequest, signal: AbortSignal) => AsyncIterable<GenerateEvent>;
  /** Token ids of a prompt as the model sees it, after the template. @throws EngineError, or the signal's reason. */
  readonly tokenize?: (request: TokenizeRequest, signal: AbortSignal) => Promise<readonly number[]>;
  /** The text of token ids. @throws EngineError, or the signal's reason. */
  readonly detokenize?: (tokens: readonly number[], signal: AbortSignal) => Promise<string>;
  /** Settles, with the reason, when the replica is beyond help though its process lives: it has to be started again. */
  readonly lost?: Promise<string>;
  /** @throws EngineError `unreachable` when nobody answers. */
  health(signal: AbortSignal): Promise<ReplicaHealth>;
  /** Gives up idle connections. */
  close(): Promise<void>;
}
