import type { TokenPrices } from "@bonfire/protocol/upstreams";
import type { ModelClient } from "../engine/engine.ts";

export type DeploymentState = "unloaded" | "queued" | "loading" | "ready" | "restarting" | "unloading" | "failed";

/** The right to use a deployment's client for one attempt. */
export interface ModelLease {
  readonly client: ModelClient;
  /** Calling it again does nothing. */
  release(): void;
}

/** Of one attempt, milliseconds. */
export interface AttemptTimeouts {
  /** Until the first content. */
  readonly firstTokenMs: number;
  /** Between two events. */
  readonly betweenTokensMs: number;
  readonly totalMs: number;
}

/** One place that answers for one model: an engine of this platform, or an upstream. */
export interface Deployment {
  /** Unique: `local/HuggingFaceTB/SmolLM2-135M-Instruct`, `together/meta-llama/Llama-3.3-70B-Instruct-Turbo`. */
  readonly name: string;
  /** The id of the model there. */
  readonly model: string;
  /** The kind of engine: `llamacpp`, `openai-compatible`. */
  readonly engine: string;
  readonly ownedBy: string;
  /** Tokens of prompt and answer together, where known. */
  readonly contextLength: number | undefined;
  /** `chat` models have a template; the others only continue text. */
  readonly chat: boolean;
  /** Whether it takes pictures. */
  readonly vision: boolean;
  readonly price: TokenPrices | undefined;
  /** Who counts its tokens: an engine of ours, or somebody else's service. */
  readonly usageSource: "engine" | "provider";
  readonly timeouts: AttemptTimeouts;
  /** Most requests that it takes at once, from all gateways together; undefined: no bound is known. */
  readonly maxConcurrent: number | undefined;
  readonly state: () => DeploymentState;
  /** Loads the model where it is not loaded. @throws ApiError when that fails or takes too long, or the signal's reason. */
  acquire(signal: AbortSignal): Promise<ModelLease>;
  /** Absent where something else watches it. Deployments with the same object are asked by one question. */
  readonly check?: HealthCheck;
}

/** A question that costs nothing and shows whether the other side answers. */
export interface HealthCheck {
  readonly everyMs: number;
  /** @throws EngineError */
  ask(signal: AbortSignal): Promise<void>;
}
