import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { AttemptTrace, EndedRequest, RequestTrace, StartedAttempt, TracedResult, TracedRouting } from "./trace.ts";
import { formatTraceparent, traceHeaders } from "./trace-context.ts";

interface SpanOfRequest {
  readonly tracer: Tracer;
  readonly span: Span;
  /** Added to a monotonic time, it gives milliseconds since the Unix epoch. */
  readonly clockOffset: number;
  readonly tracestate: string | undefined;
}

/** The server span of a request. Parents are handed on by hand: nothing looks for a current span. */
export class RequestSpan implements RequestTrace {
  readonly #request: SpanOfRequest;
  #ended = false;

  constructor(request: SpanOfRequest) {
    this.#request = request;
  }

  startAttempt(attempt: StartedAttempt): AttemptTrace {
    const { tracer, span, clockOffset } = this.#request;
    const parent = trace.setSpan(ROOT_CONTEXT, span);
    const startedAt = performance.now();
    if (attempt.queuedAt !== undefined && span.isRecording()) {
      tracer.startSpan("queue", { startTime: attempt.queuedAt + clockOffset }, parent).end(startedAt + clockOffset);
    }
    const { operation, model } = attempt;
    const client = tracer.startSpan(
      `${operation} ${model}`,
      { kind: SpanKind.CLIENT, startTime: startedAt + clockOffset, attributes: attributesOf(attempt) },
      parent,
    );
    return new AttemptSpan({ ...this.#request, span: client }, startedAt);
  }

  end({ status, errorCode, routing }: EndedRequest): void {
    if (this.#ended) return;
    this.#ended = true;
    const { span, clockOffset } = this.#request;
    span.setAttribute("http.response.status_code", status);
    if (errorCode !== undefined) span.setAttribute("error.type", errorCode);
    if (routing !== undefined && span.isRecording()) span.setAttributes(attributesOfRouting(routing));
    // What the client did wrong, or its leaving, is no error of the server.
    if (status >= 500 || (errorCode !== undefined && status < 400)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(performance.now() + clockOffset);
  }
}

/** The client span of one attempt, with a span each for the time before and after the first token. */
class AttemptSpan implements AttemptTrace {
  readonly headers: Readonly<Record<string, string>>;
  readonly #attempt: SpanOfRequest;
  readonly #startedAt: number;
  #firstTokenAt: number | undefined;
  #ended = false;

  constructor(attempt: SpanOfRequest, startedAt: number) {
    this.#attempt = attempt;
    this.#startedAt = startedAt;
    const { traceId, spanId, traceFlags } = attempt.span.spanContext();
    const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.headers = traceHeaders(formatTraceparent({ traceId, spanId, sampled }), attempt.tracestate);
  }

  firstToken(): void {
    this.#firstTokenAt ??= performance.now();
  }

  end(result: TracedResult): void {
    const { span, clockOffset } = this.#attempt;
    if (this.#ended || !span.isRecording()) return;
    this.#ended = true;
    const endedAt = performance.now();
    if (this.#firstTokenAt !== undefined) {
      const parent = trace.setSpan(ROOT_CONTEXT, span);
      this.#phase("prefill", parent, [this.#startedAt, this.#firstTokenAt]);
      this.#phase("decode", parent, [this.#firstTokenAt, endedAt]);
      span.setAttribute("gen_ai.response.time_to_first_chunk", (this.#firstTokenAt - this.#startedAt) / 1_000);
    }
    span.setAttributes(attributesOfResult(result));
    if (result.outcome === "failed" || result.outcome === "interrupted") span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt + clockOffset);
  }

  #phase(name: string, parent: Context, [from, to]: readonly [number, number]): void {
    const { tracer, clockOffset } = this.#attempt;
    tracer.startSpan(name, { startTime: from + clockOffset }, parent).end(to + clockOffset);
  }
}

/** OpenTelemetry's semantic conventions for generative AI, and what they have no name for. */
function attributesOf({ operation, model, provider, attempt, deployment, cause, streamed, server }: StartedAttempt): Attributes {
  return {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
    "gen_ai.request.stream": streamed,
    "bonfire.attempt": attempt,
    ...(deployment === undefined ? {} : { "bonfire.deployment": deployment }),
    ...(cause === undefined ? {} : { "bonfire.attempt.cause": cause }),
    ...(server === undefined ? {} : { "server.address": server.address, "server.port": server.port }),
  };
}

function attributesOfResult(result: TracedResult): Attributes {
  const { outcome, errorCode, finishReason, uncachedPromptTokens, cachedPromptTokens, completionTokens, reasoningTokens } = result;
  return known({
    "bonfire.outcome": outcome,
    "error.type": errorCode,
    "gen_ai.response.finish_reasons": finishReason === null ? null : [finishReason],
    "gen_ai.response.model": result.responseModel,
    "gen_ai.response.id": result.responseId,
    // The conventions count cached tokens as input and reasoning as output.
    "gen_ai.usage.input_tokens": uncachedPromptTokens === null ? null : uncachedPromptTokens + (cachedPromptTokens ?? 0),
    "gen_ai.usage.cache_read.input_tokens": cachedPromptTokens,
    "gen_ai.usage.output_tokens": completionTokens === null ? null : completionTokens + (reasoningTokens ?? 0),
    "gen_ai.usage.reasoning.output_tokens": reasoningTokens,
  });
}

function attributesOfRouting({ deployment, attempts, queuedMs, cache }: TracedRouting): Attributes {
  return known({ "bonfire.deployment": deployment, "bonfire.attempts": attempts, "bonfire.queue_ms": queuedMs, "bonfire.cache": cache });
}

function known(values: Readonly<Record<string, string | number | string[] | null | undefined>>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(values)) if (value !== null && value !== undefined) attributes[name] = value;
  return attributes;
}
