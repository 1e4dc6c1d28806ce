import { z } from "zod";
import { EngineError, type EngineErrorKind } from "../../engine/engine-error.ts";

const errorObject = z.object({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
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
  const overflows = OVERFLOW_CODES.has(error?.code) || OVERFLOW_CODES.has(error?.type);
  // What a server says about credentials may quote them.
  const message = kind === "refused" ? fallback : error?.message || fallback;
  return new EngineError(overflows ? "context-overflow" : kind, message, {
    ...details,
    ...(overflows ? readCounts(error) : {}),
  });
}

/** In the words of OpenAI ("resulted in 5000 tokens") and vLLM ("(4000 in the messages, 1000 in the completion)"). */
const CONTEXT_IN_WORDS = /maximum context length is (\d+) tokens/;
const PROMPT_IN_WORDS = /resulted in (\d+) tokens|\((\d+) in the (?:messages|prompt)/;

/** Length of the prompt and of the context, where the error tells them. */
function readCounts(error: ErrorObject | undefined): { promptTokens?: number; contextTokens?: number } {
  const inWords = PROMPT_IN_WORDS.exec(error?.message ?? "");
  const promptTokens = error?.n_prompt_tokens ?? inWords?.[1] ?? inWords?.[2];
  const contextTokens = error?.n_ctx ?? CONTEXT_IN_WORDS.exec(error?.message ?? "")?.[1];
  return {
    ...(promptTokens === undefined ? {} : { promptTokens: Number(promptTokens) }),
    ...(contextTokens === undefined ? {} : { contextTokens: Number(contextTokens) }),
  };
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
