import type { ModelState } from "./model-state.ts";

interface NotReady {
  readonly model: string;
  readonly state: ModelState;
  /** Why, in words for an operator: an exit code and last lines, or what it waits for. */
  readonly reason?: string | undefined;
  /** Estimate of when it could be ready; absent where there is nothing to estimate from. */
  readonly retryAfterMs?: number | undefined;
}

const SAID: Readonly<Record<ModelState, string>> = {
  unloaded: "is not loaded",
  queued: "waits for memory",
  loading: "is being loaded",
  ready: "takes no new requests at the moment",
  restarting: "is being started again after its engine ended",
  unloading: "is being unloaded",
  failed: "could not be loaded",
};

/** A model that cannot take a request now. The message fits a client; the reason is for operators alone: an engine's lines name paths. */
export class ModelNotReadyError extends Error {
  override readonly name = "ModelNotReadyError";
  readonly model: string;
  readonly state: ModelState;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor({ model, state, reason, retryAfterMs }: NotReady) {
    super(`${model} ${SAID[state]}.`);
    this.model = model;
    this.state = state;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
