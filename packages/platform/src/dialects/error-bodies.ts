import type { Dialect } from "@bonfire/protocol/dialect";
import type { ApiError, ErrorBody } from "@bonfire/protocol/errors";

/** The body of a failure where the vendors' APIs share an endpoint. */
export function writeErrorBody(failure: ApiError, dialect: Dialect): unknown {
  return WRITERS[dialect](failure);
}

const WRITERS: Readonly<Record<Dialect, (failure: ApiError) => unknown>> = {
  openai: ({ body }) => body,
  together: (failure) => (failure.code === "model_not_found" ? inaccessible(failure) : failure.body),
  fireworks: (failure) => (failure.code === "model_not_found" ? MISSING_MODEL : markedBody(failure)),
};

/** Together's answer for a missing model begins so, and applications look for it. */
function inaccessible({ body: { error } }: ApiError): ErrorBody {
  return { error: { ...error, message: `Unable to access model. ${error.message}` } };
}

/** Fireworks' answer for a missing model, to the letter, which its clients match (vercel/ai, feature tests of its provider). */
const MISSING_MODEL = { error: "Model not found, inaccessible, and/or not deployed" };

/** FW `ErrorResponse`. */
function markedBody({ body }: ApiError): { error: ErrorBody["error"] & { object: "error" } } {
  return { error: { object: "error", ...body.error } };
}
