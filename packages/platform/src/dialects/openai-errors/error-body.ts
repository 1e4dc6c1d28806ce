/** What an upstream says of a failure, whatever shape it gave it. Absent is what it did not say. */
export interface UpstreamFailure {
  readonly message: string | undefined;
  /** Everything in it that names the kind of failure, in lower case: code, type, status, the codes inside of those. */
  readonly codes: ReadonlySet<string>;
  readonly param: string | undefined;
  readonly promptTokens: number | undefined;
  readonly contextTokens: number | undefined;
  /** A duration in its own notation: `34s`. */
  readonly retryDelay: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The body of an answer with an error status. Seen are OpenAI's `{error: {…}}`, that object in a list (Google), a bare string (Fireworks,
 * Ollama), the same fields without an envelope (vLLM before its PR 22099, Mistral, AWS), FastAPI's `detail`, a message that is itself an object
 * or its JSON text (Mistral), the true reason in `metadata.raw` (OpenRouter), and a whole answer whose finish reason tells (Azure).
 */
export function readErrorBody(json: unknown): UpstreamFailure | undefined {
  const body: unknown = Array.isArray(json) ? json[0] : json;
  if (!isFields(body)) return undefined;
  const enveloped = readEnveloped(body);
  if (enveloped !== undefined) return enveloped;
  if (Array.isArray(body.errors)) return readErrorBody(body.errors);
  if (Array.isArray(body.choices)) return readFailure({ codes: body.choices.map((choice) => isFields(choice) && choice.finish_reason) });
  return "message" in body || "detail" in body || "code" in body ? readFailure(body) : undefined;
}

/** A chunk of a stream that says it failed; undefined for any other. */
export function readErrorChunk(json: unknown): UpstreamFailure | undefined {
  if (!isFields(json)) return undefined;
  const enveloped = readEnveloped(json);
  if (enveloped !== undefined) return enveloped;
  if (json.object === "error") return readFailure(json);
  return isFields(json.x_groq) ? readEnveloped(json.x_groq) : undefined;
}

function readEnveloped({ error, type }: Fields): UpstreamFailure | undefined {
  if (!error) return undefined;
  if (typeof error === "string") return readFailure({ message: error, type });
  return readFailure(isFields(error) ? error : {});
}

function readFailure(error: Fields): UpstreamFailure {
  const metadata = isFields(error.metadata) ? error.metadata : {};
  const raw = readRaw(metadata.raw);
  const details = Array.isArray(error.details) ? error.details.filter(isFields) : [];
  const retryDelay = details.map((detail) => detail.retryDelay).find((delay) => typeof delay === "string");
  return {
    message: raw?.message ?? readMessage(error.message) ?? readMessage(error.detail),
    codes: new Set([
      ...[error.code, error.type, error.status, error.error_type, ...(Array.isArray(error.codes) ? error.codes : [])].flatMap(codeText),
      ...details.flatMap((detail) => codeText(detail.reason)),
      ...innerCodes(error.innererror),
      ...(metadata.flagged_input === undefined && metadata.reasons === undefined ? [] : ["moderation_blocked"]),
      ...(raw?.codes ?? []),
    ]),
    param: readParam(error),
    promptTokens: raw?.promptTokens ?? countIn(error.n_prompt_tokens),
    contextTokens: raw?.contextTokens ?? countIn(error.n_ctx),
    retryDelay,
  };
}

/** What another server had answered, which is JSON or words. */
function readRaw(raw: unknown): UpstreamFailure | undefined {
  if (typeof raw !== "string" || raw === "") return isFields(raw) ? readErrorBody(raw) : undefined;
  return readErrorBody(parseText(raw)) ?? readFailure({ message: raw });
}

function readMessage(message: unknown): string | undefined {
  if (typeof message === "string") {
    const inside = message.startsWith("{") ? parseText(message) : undefined;
    return (isFields(inside) ? readMessage(inside) : undefined) ?? (message === "" ? undefined : message);
  }
  if (Array.isArray(message)) return message.flatMap((item) => readMessage(item) ?? []).join("; ") || undefined;
  if (!isFields(message)) return undefined;
  const { msg } = message;
  if (typeof msg !== "string") return readMessage(message.message ?? message.detail);
  const field = locationOf(message);
  return field === undefined ? msg : `${field}: ${msg}`;
}

function readParam(error: Fields): string | undefined {
  if (typeof error.param === "string") return error.param;
  const message = typeof error.message === "string" && error.message.startsWith("{") ? parseText(error.message) : error.message;
  const { detail } = isFields(message) ? message : error;
  return Array.isArray(detail) ? locationOf(detail[0]) : undefined;
}

/** `{"loc": ["body", "messages", 0, "role"]}` is `messages.0.role`. */
function locationOf(detail: unknown): string | undefined {
  if (!isFields(detail) || !Array.isArray(detail.loc)) return undefined;
  const path = detail.loc.filter((part) => typeof part === "string" || typeof part === "number").join(".");
  return path.startsWith("body.") ? path.slice("body.".length) : undefined;
}

/** Azure nests them: `{"code": …, "innererror": {…}}`. */
function innerCodes(inner: unknown): string[] {
  return isFields(inner) ? codeText(inner.code) : [];
}

function codeText(code: unknown): string[] {
  if (typeof code === "number") return [String(code)];
  return typeof code === "string" && code !== "" && code.length <= 100 ? [code.toLowerCase()] : [];
}

function countIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns undefined for what is no JSON. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
