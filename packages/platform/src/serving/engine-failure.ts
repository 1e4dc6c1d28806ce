import { ApiError, type ErrorCode } from "@bonfire/protocol/errors";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import { LedgerUnavailableError } from "../metering/ledger.ts";

interface Failure {
  readonly code: ErrorCode;
  /** What the client reads. */
  readonly message: (error: EngineError, model: string, promptParam: PromptParam) => string;
  readonly retryAfterSeconds?: number;
}

/** The request field that holds the prompt. */
export type PromptParam = "messages" | "prompt" | "input" | "tokens";

/** What the engine said is passed on where it is about the client's own request. */
const theirWords = (error: EngineError): string => error.message;
const ofEngine =
  (what: string) =>
  (_: EngineError, model: string): string =>
    `The engine behind ${model} ${what}.`;

/** What a failure of an engine means to the client. Credentials and names between us and the engine are not the client's fault. */
const FAILURES: Readonly<Record<EngineErrorKind, Failure>> = {
  unsupported: { code: "unsupported_parameter", message: theirWords },
  "invalid-request": { code: "invalid_value", message: theirWords },
  "context-overflow": { code: "context_length_exceeded", message: overflowMessage },
  "content-policy": { code: "content_policy_violation", message: theirWords },
  "not-found": { code: "upstream_error", message: ofEngine("does not know the model") },
  refused: { code: "upstream_error", message: ofEngine("refused the platform's credentials") },
  "rate-limited": { code: "rate_limit_exceeded", message: ofEngine("limits the rate of requests"), retryAfterSeconds: 1 },
  overloaded: { code: "overloaded", message: ofEngine("is overloaded"), retryAfterSeconds: 1 },
  unreachable: { code: "model_unavailable", message: ofEngine("cannot be reached"), retryAfterSeconds: 1 },
  interrupted: { code: "upstream_error", message: ofEngine("broke off its answer") },
  timeout: { code: "upstream_timeout", message: ofEngine("did not answer in time") },
  "bad-response": { code: "upstream_error", message: ofEngine("gave an answer that cannot be read") },
};

/** Turns what an engine threw into what the client gets; anything else is passed through. */
export function toClientError(error: unknown, model: string, promptParam: PromptParam): unknown {
  if (error instanceof LedgerUnavailableError) {
    return new ApiError("ledger_unavailable", "The request was not run, because it could not be noted in the ledger.", { cause: error });
  }
  if (!(error instanceof EngineError)) return error;
  const { kind, details } = error;
  const { code, message, retryAfterSeconds } = FAILURES[kind];
  const retryAfter = details.retryAfterMs === undefined ? retryAfterSeconds : details.retryAfterMs / 1_000;
  const promptIsAtFault = kind === "context-overflow" || details.promptIsAtFault === true;
  return new ApiError(code, message(error, model, promptParam), {
    cause: error,
    ...(details.param !== undefined ? { param: details.param } : promptIsAtFault ? { param: promptParam } : {}),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/** In OpenAI's words, which clients search for the two counts. */
function overflowMessage({ message, details }: EngineError, _: string, promptParam: PromptParam): string {
  const { promptTokens, contextTokens, maxTokens } = details;
  if (promptTokens === undefined || contextTokens === undefined) return message;
  if (maxTokens !== undefined && promptTokens < contextTokens) {
    return `This model's maximum context length is ${contextTokens} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the ${promptParam}, ${maxTokens} in the completion). Please reduce the length of the ${promptParam} or completion.`;
  }
  return `This model's maximum context length is ${contextTokens} tokens. However, your ${promptParam} resulted in ${promptTokens} tokens. Please reduce the length of the ${promptParam}.`;
}
