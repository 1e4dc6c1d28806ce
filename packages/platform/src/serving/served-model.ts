import type { ModelClient } from "../engine/engine.ts";

type ServedModelState = "unloaded" | "queued" | "loading" | "ready" | "restarting" | "unloading" | "failed";

/** The right to use a model's client for one request. */
export interface ModelLease {
  readonly client: ModelClient;
  /** Calling it again does nothing. */
  release(): void;
}

/** A model that clients can name, and who answers for it. */
export interface ServedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly ownedBy: string;
  /** Tokens of prompt and answer together, where known. */
  readonly contextLength: number | undefined;
  /** `chat` models have a template; the others only continue text. */
  readonly chat: boolean;
  /** Whether it takes pictures. */
  readonly vision: boolean;
  /** The kind of engine that serves it, for the ledger: `llamacpp`. */
  readonly deployment: string;
  /** Who counts its tokens: an engine of ours, or somebody else's service. */
  readonly usageSource: "engine" | "provider";
  readonly state: () => ServedModelState;
  /** Loads the model where it is not loaded. @throws ApiError when that fails or takes too long, or the signal's reason. */
  acquire(signal: AbortSignal): Promise<ModelLease>;
}
