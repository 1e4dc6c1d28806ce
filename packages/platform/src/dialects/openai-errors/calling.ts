import { EngineError, type EngineErrorKind } from "../../engine/engine-error.ts";
import { parseText, readErrorBody, readErrorChunk, type UpstreamFailure } from "./error-body.ts";
import { isAboutPolicy, KIND_OF_STATUS, kindOfCodes } from "./failure-kinds.ts";
import { counts, type OverflowCounts, readOverflowWords } from "./overflow-words.ts";
import { paramOf } from "./param.ts";
import { type AnswerHeaders, readRetryHint } from "./retry-hint.ts";

/** An answer with an error status. @param headers where they are at hand, for hints when to try again. */
export function readErrorAnswer(status: number, body: string, retryAfterMs: number | undefined, headers: AnswerHeaders = {}): EngineError {
  const failure = readErrorBody(parseText(body));
  const overflow = readOverflow(failure, OVERFLOWING.has(status));
  const kind = overflow === undefined ? kindOf(failure, KIND_OF_STATUS[status] ?? "bad-response") : "context-overflow";
  const isSecretive = SECRETIVE.has(status) && kind === "refused";
  const hint = HINTED.has(kind)
    ? readRetryHint({ retryAfterMs, retryDelay: failure?.retryDelay, message: failure?.message, headers, now: Date.now() })
    : retryAfterMs;
  return new EngineError(kind, (isSecretive ? undefined : failure?.message) ?? `The engine answered with status ${status}.`, {
    status,
    ...(isSecretive ? {} : { upstreamBody: body.slice(0, MAX_LOGGED_CHARS) }),
    ...(hint === undefined ? {} : { retryAfterMs: hint }),
    ...(overflow ?? (kind === "invalid-request" ? paramOf(failure) : {})),
  });
}

/** A chunk of a stream that carries an error; undefined for any other. The status then went out as 200. */
export function readErrorInStream(json: unknown): EngineError | undefined {
  const failure = readErrorChunk(json);
  if (failure === undefined) return undefined;
  const overflow = readOverflow(failure, true);
  const [status] = [...failure.codes].map(Number).filter((code) => code >= 400 && code < 600);
  const otherwise = (status === undefined ? undefined : KIND_OF_STATUS[status]) ?? "interrupted";
  const kind = overflow === undefined ? kindOf(failure, otherwise) : "context-overflow";
  const message = kind === "refused" ? undefined : failure.message;
  const hint = HINTED.has(kind)
    ? readRetryHint({ retryAfterMs: undefined, retryDelay: failure.retryDelay, message, headers: {}, now: Date.now() })
    : undefined;
  return new EngineError(kind, message ?? "The engine failed in the middle of its answer.", {
    ...(hint === undefined ? {} : { retryAfterMs: hint }),
    ...(overflow ?? (kind === "invalid-request" ? paramOf(failure) : {})),
  });
}

const MAX_LOGGED_CHARS = 2_000;
/** What is said about credentials may quote them. */
const SECRETIVE: ReadonlySet<number> = new Set([400, 401, 402, 403]);
/** Statuses beside which a prompt was said to be too long; 403 is Together's, 500 that of older llama.cpp. */
const OVERFLOWING: ReadonlySet<number> = new Set([400, 403, 413, 422, 500]);
/** Failures that waiting helps against. */
const HINTED: ReadonlySet<EngineErrorKind> = new Set(["rate-limited", "overloaded"]);

function kindOf(failure: UpstreamFailure | undefined, otherwise: EngineErrorKind): EngineErrorKind {
  if (failure === undefined) return otherwise;
  return kindOfCodes(failure.codes) ?? (isAboutPolicy(failure.message ?? "") ? "content-policy" : otherwise);
}

/** @param trustsWords whether a sentence is enough where there is no code. */
function readOverflow(failure: UpstreamFailure | undefined, trustsWords: boolean): OverflowCounts | undefined {
  if (failure === undefined) return undefined;
  const said = readOverflowWords(failure.message ?? "");
  if (kindOfCodes(failure.codes) !== "context-overflow" && (said === undefined || !trustsWords)) return undefined;
  return { ...said, ...counts({ ...failure, maxTokens: undefined }) };
}
