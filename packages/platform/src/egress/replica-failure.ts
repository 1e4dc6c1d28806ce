import { errors } from "undici";
import { EngineError } from "../engine/engine-error.ts";
import { hasCode } from "../processes/error-code.ts";
import { EventTooLargeError } from "./event-data-parser.ts";

/** connecting: nothing was sent when it failed; begun: the other side may have done something. */
export type CallStage = "connecting" | "begun";

/** What a failed call means. An aborted one fails with its signal's reason. */
export function toReplicaFailure(cause: unknown, stage: CallStage, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof EngineError) return cause;
  if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError) {
    return new EngineError("timeout", "The engine did not answer in time.", { cause });
  }
  if (cause instanceof EventTooLargeError) return new EngineError("bad-response", "The engine sent an event that is too large.", { cause });
  if (cause instanceof errors.HTTPParserError && !endedTooEarly(cause)) {
    // It holds a part of the answer, which is nothing for logs.
    return new EngineError("bad-response", "The engine's answer is no HTTP.", { cause: new Error(cause.message) });
  }
  if (isUnreadable(cause)) return new EngineError("bad-response", "The engine's answer cannot be read.", { cause });
  if (stage === "connecting") return new EngineError("unreachable", "The engine cannot be reached.", { cause });
  return new EngineError("interrupted", "The connection to the engine broke off.", { cause });
}

/** The server, or somebody between, closed the connection. */
export function isClosedConnection(error: unknown): boolean {
  return error instanceof errors.SocketError || hasCode(error, "ECONNRESET", "EPIPE");
}

/** Undici finds the end of the connection where a part was still to come, and calls that a fault of the protocol. */
function endedTooEarly(error: errors.HTTPParserError): boolean {
  return "data" in error && error.data === "";
}

/** Headers without end, or a compressed body that is none. */
function isUnreadable(error: unknown): boolean {
  return (
    error instanceof errors.HeadersOverflowError ||
    hasCode(error, "Z_DATA_ERROR", "Z_NEED_DICT") ||
    // Brotli's own, as ERR__ERROR_FORMAT_PADDING_1.
    (error instanceof Error && "code" in error && String(error.code).startsWith("ERR__ERROR_FORMAT"))
  );
}
