import { ApiError, type ErrorCode } from "@bonfire/protocol/errors";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";

interface Failure {
  readonly code: ErrorCode;
  /** What the client reads; `theirs` passes on what the engine said, which is about the client's own request. */
  readonly message: "theirs" | ((model: string) => string);
  readonly retryAfterSeconds?: number;
}

/** What a failure of an engine means to the client. Credentials and names between us and the engine are not the client's fault. */
const FAILURES: Readonly<Record<EngineErrorKind, Failure>> = {
  "invalid-request": { code: "invalid_value", message: "theirs" },
  "context-overflow": { code: "context_length_exceeded", message: "theirs" },
  "not-found": { code: "upstream_error", message: (model) => `The engine behind ${model} does not know the model.` },
  refused: { code: "upstream_error", message: (model) => `The engine behind ${model} refused the platform's credentials.` },
  "rate-limited": {
    code: "rate_limit_exceeded",
    message: (model) => `The engine behind ${model} limits the rate of requests.`,
    retryAfterSeconds: 1,
  },
  overloaded: { code: "overloaded", message: (model) => `The engine behind ${model} is overloaded.`, retryAfterSeconds: 1 },
  unreachable: { code: "model_unavailable", message: (model) => `The engine behind ${model} cannot be reached.`, retryAfterSeconds: 1 },
  interrupted: { code: "upstream_error", message: (model) => `The engine behind ${model} broke off its answer.` },
  timeout: { code: "upstream_timeout", message: (model) => `The engine behind ${model} did not answer in time.` },
  "bad-response": { code: "upstream_error", message: (model) => `The engine behind ${model} gave an answer that cannot be read.` },
};

/** Turns what an engine threw into what the client gets; anything else is passed through. */
export function toClientError(error: unknown, model: string, promptParam: "messages" | "prompt"): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, message, retryAfterSeconds } = FAILURES[error.kind];
  const retryAfter = error.details.retryAfterMs === undefined ? retryAfterSeconds : error.details.retryAfterMs / 1_000;
  return new ApiError(
    code,
    error.kind === "context-overflow" ? overflowMessage(error, promptParam) : message === "theirs" ? error.message : message(model),
    {
      cause: error,
      ...(error.kind === "context-overflow" || error.details.promptIsAtFault === true ? { param: promptParam } : {}),
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
    },
  );
}

/** In OpenAI's words, which clients search for the two counts. */
function overflowMessage({ message, details: { promptTokens, contextTokens } }: EngineError, promptParam: string): string {
  if (promptTokens === undefined || contextTokens === undefined) return message;
  return `This model's maximum context length is ${contextTokens} tokens. However, your ${promptParam} resulted in ${promptTokens} tokens. Please reduce the length of the ${promptParam}.`;
}
