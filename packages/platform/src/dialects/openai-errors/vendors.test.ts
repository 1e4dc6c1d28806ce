import { describe, expect, it } from "vitest";
import { readErrorAnswer, readErrorInStream } from "./calling.ts";

const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  readErrorAnswer(status, typeof body === "string" ? body : JSON.stringify(body), undefined, headers);

describe("the words of an upstream", () => {
  it.each<[string, unknown]>([
    ["OpenAI's envelope", { error: { message: "it broke" } }],
    ["the older vLLM's bare object", { object: "error", message: "it broke", type: "BadRequestError", code: 400 }],
    ["Google's list", [{ error: { code: 400, message: "it broke", status: "INVALID_ARGUMENT" } }]],
    ["a string", { error: "it broke" }],
    ["FastAPI's detail", { detail: "it broke" }],
    ["an object for a message", { object: "error", message: { detail: "it broke" } }],
    ["JSON text for a message", { message: '{"detail":"it broke"}' }],
    ["AWS' message", { message: "it broke" }],
    ["a list of errors", { errors: [{ message: "it broke" }] }],
    ["Anthropic's envelope", { type: "error", error: { type: "invalid_request_error", message: "it broke" } }],
    [
      "another server's words, as JSON",
      { error: { message: "Provider returned error", metadata: { raw: '{"error":{"message":"it broke"}}' } } },
    ],
    ["another server's words", { error: { message: "Provider returned error", metadata: { raw: "it broke" } } }],
  ])("are found in %s", (_, body) => {
    expect(answer(400, body)).toMatchObject({ kind: "invalid-request", message: "it broke" });
  });

  it("are found in the faults that a validator lists, with their fields", () => {
    const detail = [
      { type: "less_than_equal", loc: ["body", "random_seed"], msg: "too large" },
      { type: "missing", loc: ["body", "messages", 0, "role"], msg: "Field required" },
    ];
    const error = answer(422, { object: "error", message: { detail } });
    expect(error.message).toBe("random_seed: too large; messages.0.role: Field required");
    expect(error.details.param).toBe("seed");
  });

  it("name a field before a colon at Anthropic", () => {
    const error = answer(400, { type: "error", error: { type: "invalid_request_error", message: "stop_sequences.0: must contain text" } });
    expect(error.details.param).toBe("stop.0");
  });

  it.each(["", "<html>Bad gateway</html>", "[]", "null", "17", '{"error":null}'])("are none in %j", (body) => {
    expect(answer(400, body).message).toBe("The engine answered with status 400.");
  });
});

describe("the kind of a failure", () => {
  it.each<[string, number, unknown, string]>([
    ["OpenAI's spent quota", 429, { error: { code: "insufficient_quota", type: "insufficient_quota", message: "m" } }, "refused"],
    ["money that is spent", 402, { error: { message: "Insufficient Balance" } }, "refused"],
    ["Google's wrong key", 400, [{ error: { status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] } }], "refused"],
    ["Google's used-up quota", 429, [{ error: { status: "RESOURCE_EXHAUSTED" } }], "rate-limited"],
    ["Azure's filter", 400, { error: { code: "content_filter", innererror: { code: "ResponsibleAIPolicyViolation" } } }, "content-policy"],
    ["a filtered answer with an error status", 400, { choices: [{ finish_reason: "content_filter" }] }, "content-policy"],
    ["DeepSeek's filter", 400, { error: { message: "Content Exists Risk", type: "invalid_request_error" } }, "content-policy"],
    ["OpenRouter's moderation", 403, { error: { code: 403, message: "m", metadata: { reasons: ["violence"] } } }, "content-policy"],
    ["Groq's tokens a minute", 413, { error: { code: "rate_limit_exceeded", type: "tokens", message: "m" } }, "rate-limited"],
    ["Groq's lack of room", 498, { error: { type: "capacity_exceeded" } }, "overloaded"],
    ["Groq's retired models", 400, { error: { code: "model_decommissioned" } }, "not-found"],
    ["Mistral's unknown models", 400, { object: "error", message: "Invalid model: m", type: "invalid_model", code: "1500" }, "not-found"],
    ["Anthropic's overload", 529, { type: "error", error: { type: "overloaded_error" } }, "overloaded"],
    [
      "a code in a failure of another server",
      500,
      { error: { metadata: { raw: '{"error":{"code":"rate_limit_exceeded"}}' } } },
      "rate-limited",
    ],
    ["Cloudflare's time limit", 524, "<html>", "timeout"],
  ])("is told by %s", (_, status, body, kind) => {
    expect(answer(status, body).kind).toBe(kind);
  });

  it.each([
    [401, { error: { code: "invalid_api_key", message: "Incorrect API key provided: sk-12345" } }],
    [403, { message: "key sk-12345 is disabled" }],
    [400, [{ error: { message: "sk-12345 is no key", details: [{ reason: "API_KEY_INVALID" }] } }]],
  ])("keeps keys out of what is said with status %i", (status, body) => {
    const error = answer(status, body);
    expect(error.kind).toBe("refused");
    expect(JSON.stringify([error.message, error.details])).not.toContain("sk-12345");
  });
});

describe("a prompt that is too long", () => {
  const counts = (promptTokens?: number, maxTokens?: number, contextTokens?: number) => ({ promptTokens, maxTokens, contextTokens });

  it.each<[string, string, ReturnType<typeof counts>]>([
    ["Anthropic", "prompt is too long: 205311 tokens > 200000 maximum", counts(205_311, undefined, 200_000)],
    [
      "Anthropic, with the answer",
      "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again",
      counts(190_000, 20_000, 200_000),
    ],
    [
      "Mistral",
      "Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      counts(65_673, undefined, 32_768),
    ],
    [
      "Together",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 8000 `inputs` tokens and 1000 `max_new_tokens`",
      counts(8_000, 1_000, 8_193),
    ],
    ["Fireworks", "The prompt is too long: 140000, model maximum context length: 131071", counts(140_000, undefined, 131_071)],
    [
      "OpenRouter",
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 135000 tokens (134000 of text input, 1000 in the output).",
      counts(134_000, 1_000, 131_072),
    ],
    [
      "Gemini",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      counts(1_200_000, undefined, 1_048_576),
    ],
    [
      "llama.cpp",
      "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
      counts(5_000, undefined, 4_096),
    ],
    ["SGLang", "The input (5000 tokens) is longer than the model's context length (4096 tokens).", counts(5_000, undefined, 4_096)],
    [
      "vLLM",
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.",
      counts(5_000, undefined, 4_096),
    ],
    [
      "LM Studio",
      "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
      counts(undefined, undefined, 4_096),
    ],
    ["OpenAI, newer", "Your input exceeds the context window of this model. Please adjust your input and try again.", counts()],
    ["Ollama", "input length exceeds maximum context length", counts()],
    ["Bedrock", "Input is too long for requested model.", counts()],
  ])("is recognised in the words of %s", (_, message, { promptTokens, maxTokens, contextTokens }) => {
    for (const error of [answer(400, { message }), readErrorInStream({ error: { message } })]) {
      expect(error?.kind).toBe("context-overflow");
      const { details } = error ?? {};
      expect(counts(details?.promptTokens, details?.maxTokens, details?.contextTokens)).toEqual({ promptTokens, maxTokens, contextTokens });
    }
  });

  it("is recognised by llama.cpp's code, with its counts", () => {
    const error = { code: 400, message: "too long", type: "exceed_context_size_error", n_prompt_tokens: 5_000, n_ctx: 4_096 };
    expect(answer(400, { error })).toMatchObject({ kind: "context-overflow", details: { promptTokens: 5_000, contextTokens: 4_096 } });
  });

  it("is not what a limit of the answer alone is", () => {
    const message = "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for this model";
    expect(answer(400, { error: { message } })).toMatchObject({ kind: "invalid-request", details: { param: "max_tokens" } });
  });
});

describe("when to try again", () => {
  const now = Date.now();
  const SOON = { message: "slow down" };

  it.each<[string, unknown, Record<string, string>, number]>([
    ["Google's detail", [{ error: { details: [{ "@type": "RetryInfo", retryDelay: "34s" }] } }], {}, 34_000],
    ["OpenAI's words", { error: { message: "Rate limit reached. Please try again in 1.898s. Visit …" } }, {}, 1_898],
    ["OpenAI's words in milliseconds", { error: { message: "Please try again in 120ms." } }, {}, 120],
    ["OpenAI's words for days", { error: { message: "Please try again in 1h2m3s." } }, {}, 3_723_000],
    ["Azure's words", { error: { message: "Try again in 35 seconds." } }, {}, 35_000],
    ["Azure's other words", { error: { message: "Please retry after 5 seconds." } }, {}, 5_000],
    ["a Go duration", SOON, { "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
    ["seconds", SOON, { "x-ratelimit-reset": "2" }, 2_000],
    ["the longest of several", SOON, { "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "1m1.5s" }, 61_500],
    [
      "the limit that is used up",
      SOON,
      {
        "x-ratelimit-remaining-requests": "7",
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "2s",
      },
      2_000,
    ],
  ])("is told by %s", (_, body, headers, expected) => {
    expect(answer(429, body, headers).details.retryAfterMs).toBe(expected);
  });

  it.each([
    ["milliseconds since 1970", { "x-ratelimit-reset": String(now + 60_000) }],
    ["seconds since 1970", { "x-ratelimit-reset": String(Math.ceil(now / 1_000) + 60) }],
    ["a date", { "anthropic-ratelimit-requests-reset": new Date(now + 60_000).toISOString() }],
  ])("is told by %s", (_, headers) => {
    const { retryAfterMs = 0 } = answer(429, SOON, headers).details;
    expect(retryAfterMs).toBeGreaterThan(40_000);
    expect(retryAfterMs).toBeLessThanOrEqual(61_000);
  });

  it.each(["-1", "0", "never", "99h"])("is not told by %s", (reset) => {
    expect(answer(429, SOON, { "x-ratelimit-reset": reset }).details).not.toHaveProperty("retryAfterMs");
  });

  it("is what Retry-After says, where that says something", () => {
    const headers = { "x-ratelimit-reset": "20" };
    expect(readErrorAnswer(429, "{}", 3_000, headers).details.retryAfterMs).toBe(3_000);
    expect(readErrorAnswer(429, "{}", 0, headers).details.retryAfterMs).toBe(20_000);
  });

  it("is no matter of what waiting cannot help", () => {
    expect(answer(400, { message: "try again in 5s" }).details).not.toHaveProperty("retryAfterMs");
  });
});

describe("an error in a stream", () => {
  it.each<[string, unknown, string]>([
    ["OpenAI's envelope", { error: { message: "m", type: "server_error" } }, "interrupted"],
    ["Anthropic's overload", { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "overloaded"],
    ["a status for a code", { error: { code: 429, message: "Rate limited" }, choices: [] }, "rate-limited"],
    ["an object without an envelope", { object: "error", message: "m", code: 503 }, "overloaded"],
    ["Groq's own field", { choices: [], x_groq: { id: "r", error: "over capacity" } }, "interrupted"],
    ["a filter's code", { error: { code: "content_filter" } }, "content-policy"],
  ])("is read from %s", (_, chunk, kind) => {
    expect(readErrorInStream(chunk)?.kind).toBe(kind);
  });

  it.each([{}, { error: null }, { object: "chat.completion.chunk", choices: [] }, { x_groq: { id: "r" } }, [], null, "text"])(
    "is none in %j",
    (chunk) => {
      expect(readErrorInStream(chunk)).toBeUndefined();
    },
  );
});
