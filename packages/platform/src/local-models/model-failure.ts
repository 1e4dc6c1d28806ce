import { ApiError } from "@bonfire/protocol/errors";
import { ModelNotReadyError } from "../deployments/model-not-ready-error.ts";
import { NotGgufError } from "../models/gguf-reader.ts";
import { LicenceNotAcceptedError, ModelIdTakenError, ModelUnavailableError, NoVariantFitsError } from "../models/model-errors.ts";
import { ModelReferenceError } from "../models/model-reference.ts";

/** What a client of the API is told of a model that cannot answer. An engine's own words are for operators: they stay in the cause. */
export function toModelUnavailable(error: unknown): unknown {
  if (!(error instanceof ModelNotReadyError)) return error;
  const { message, retryAfterMs } = error;
  return new ApiError("model_unavailable", message, {
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: retryAfterMs / 1_000 }),
  });
}

/** The same for an operator, who may read why; and what a pull that failed means. */
export function toOperatorError(error: unknown): unknown {
  if (error instanceof ModelNotReadyError) {
    const { message, reason } = error;
    return new ApiError("model_unavailable", reason === undefined ? message : `${message} ${reason}`, { cause: error });
  }
  if (!(error instanceof Error)) return error;
  const [, code] = PULL_FAILURES.find(([kind]) => error instanceof kind) ?? [];
  return code === undefined ? error : new ApiError(code, error.message, { param: "model", cause: error });
}

const PULL_FAILURES = [
  [ModelReferenceError, "invalid_value"],
  [NoVariantFitsError, "invalid_value"],
  [NotGgufError, "invalid_value"],
  [LicenceNotAcceptedError, "licence_not_accepted"],
  [ModelIdTakenError, "model_in_use"],
  [ModelUnavailableError, "download_failed"],
] as const;
