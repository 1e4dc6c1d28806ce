import { z } from "zod";
import { EngineError, type EngineErrorKind } from "../../engine/engine-error.ts";

const errorObject = z.object({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
  param: z.unknown().optional(),
  n_prompt_tokens: z.number().nullish(),
  n_ctx: z.number().nullish(),
});
type ErrorObject = z.infer<typeof errorObject>;

/** OpenAI's error object with llama.cpp's counts for a prompt that does not fit, or Fireworks' bare string. */
const errorBody = z.object({ error: z.union([errorObject, z.string().min(1)]) });

const KIND_OF_STATUS: Readonly<Record<number, EngineErrorKind>> = {
  400: "invalid-request",
  401: "refused",
  402: "refused",
  403: "refused",
  404: "not-found",
  408: "timeout",
  413: "invalid-request",
  415: "invalid-request",
  422: "invalid-request",
  429: "rate-limited",
  503: "overloaded",
  504: "timeout",
  529: "overloaded",
};

const OVERFLOW_CODES: ReadonlySet<unknown> = new Set(["context_length_exceeded", "exceed_context_size_error"]);

/** Fields that mean the same to our client and to the server that names them. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "messages",
  "prompt",
  "n",
  "stop",
  "max_tokens",
  "max_completion_tokens",
  "seed",
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "typical_p",
  "presence_penalty",
  "frequency_penalty",
  "repetition_penalty",
  "mirostat_target",
  "mirostat_lr",
  "logit_bias",
  "ignore_eos",
  "response_format",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "logprobs",
  "top_logprobs",
  "echo",
  "reasoning_effort",
  "thinking",
  "chat_template_kwargs",
  "prompt_truncate_len",
  "user",
]);

/** An answer with an error status. */
export function readErrorAnswer(status: number, body: string, retryAfterMs: number | undefined): EngineError {
  const error = parseError(safeJson(body));
  const kind = KIND_OF_STATUS[status] ?? "bad-response";
  return toEngineError(kind, error, `The engine answered with status ${status}.`, {
    status,
    upstreamBody: body.slice(0, 2_000),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A chunk of a stream that carries a truthy `error`; undefined for any other. The status then went out as 200. */
export function readErrorInStream(json: unknown): EngineError | undefined {
  const error = parseError(json);
  return error && toEngineError("interrupted", error, "The engine failed in the middle of its answer.", {});
}

function toEngineError(
  kind: EngineErrorKind,
  error: ErrorObject | undefined,
  fallback: string,
  details: { status?: number; upstreamBody?: string; retryAfterMs?: number },
): EngineError {
  const overflows =
    OVERFLOW_CODES.has(error?.code) ||
    OVERFLOW_CODES.has(error?.type) ||
    (kind === "invalid-request" && inWords(error, CONTEXT_WORDS) !== undefined);
  // What a server says about credentials may quote them.
  const message = kind === "refused" ? fallback : error?.message || fallback;
  return new EngineError(overflows ? "context-overflow" : kind, message, {
    ...details,
    ...(overflows ? readCounts(error) : paramOf(kind, error)),
  });
}

/** A field of a request and what leads into it: `messages[0].content`. Other servers put all sorts of things there. */
const FIELD_PATH = /^([a-z][a-z0-9_]*)(?:[.[][\w.[\]-]*)?$/;

/** The field at fault, where it is one that we may have sent for the client. */
function paramOf(kind: EngineErrorKind, error: ErrorObject | undefined): { param?: string } {
  if (kind !== "invalid-request" || typeof error?.param !== "string" || error.param.length > 200) return {};
  const field = FIELD_PATH.exec(error.param)?.[1];
  return field !== undefined && KNOWN_FIELDS.has(field) ? { param: error.param } : {};
}

/** Counts in the words of OpenAI, of vLLM old and new, and of SGLang, which have no code for it that can be relied on. */
const CONTEXT_WORDS = [
  /maximum context length (?:is|of) (\d+) tokens/,
  /context length is only (\d+) tokens/,
  /model's context length \((\d+) tokens\)/,
];
const PROMPT_WORDS = [
  /resulted in (\d+) tokens/,
  /\((\d+) in the (?:messages|prompt|input)/,
  /request has (\d+) input tokens/,
  /passed (\d+) input tokens/,
  /input \((\d+) tokens\)/,
  /(\d+) tokens from the input messages/,
];
const ANSWER_WORDS = [/(\d+) in the completion/, /too large: (\d+)/, /requested (\d+) output tokens/, /(\d+) tokens for the completion/];

interface OverflowCounts {
  promptTokens?: number;
  maxTokens?: number;
  contextTokens?: number;
}

/** Lengths of the prompt, of what was asked for beside it and of the context, where the error tells them. */
function readCounts(error: ErrorObject | undefined): OverflowCounts {
  const promptTokens = error?.n_prompt_tokens ?? inWords(error, PROMPT_WORDS);
  const maxTokens = inWords(error, ANSWER_WORDS);
  const contextTokens = error?.n_ctx ?? inWords(error, CONTEXT_WORDS);
  return {
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}

function inWords(error: ErrorObject | undefined, patterns: readonly RegExp[]): number | undefined {
  const found = patterns.map((pattern) => pattern.exec(error?.message ?? "")?.[1]).find((count) => count !== undefined);
  return found === undefined ? undefined : Number(found);
}

function parseError(json: unknown): ErrorObject | undefined {
  // Almost every chunk of a stream has no error: they are told apart before the schema, which is dear when it fails.
  if (typeof json !== "object" || json === null || !("error" in json) || !json.error) return undefined;
  const parsed = errorBody.safeParse(json);
  if (!parsed.success) return {};
  return typeof parsed.data.error === "string" ? { message: parsed.data.error } : parsed.data.error;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
