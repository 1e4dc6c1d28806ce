import { errorAnswer, head, healthyAnswer, jsonAnswer, wholeAnswer } from "./answers.ts";
import {
  answered,
  type CaseSection,
  type ChaosCase,
  clientsMistake,
  keyRefused,
  limited,
  overloaded,
  silent,
  tooLong,
  unknownModel,
  unreadable,
  unwanted,
} from "./chaos-case.ts";
import type { Answer } from "./chaos-server.ts";

const HTML = "<html><head><title>Whatever</title></head><body>nginx</body></html>";
const html = (status: number): Answer => wholeAnswer(status, { "content-type": "text/html" }, HTML);
const empty = (status: number): Answer => wholeAnswer(status, {}, "");
const ONE_KEY = ["key-one"];

/** Refuses the first of two keys. */
const refusesFirstKey =
  (status: number): Answer =>
  (call) =>
    call.authorization === "Bearer key-one" ? errorAnswer(status, { code: "x" })(call) : healthyAnswer(call);

const keyCases = [401, 402, 403].flatMap((status): ChaosCase[] => [
  {
    name: `key-${status}`,
    does: `answers ${status}, and has one key`,
    ...{ answer: errorAnswer(status, { code: "invalid_api_key" }), keys: ONE_KEY, restsMs: 10_000, gets: keyRefused() },
  },
  {
    name: `keys-${status}`,
    does: `answers ${status} to the first of its two keys`,
    ...{ answer: refusesFirstKey(status), keys: ["key-one", "key-two"] },
    gets: answered({ after: ["refused"], note: "the same deployment with the next key" }),
  },
]);

export const STATUSES: CaseSection = {
  title: "Errors with a status",
  cases: [
    {
      name: "s400",
      does: "answers 400 with OpenAI's error",
      answer: errorAnswer(400, { param: "temperature" }),
      gets: clientsMistake({ param: "temperature" }),
    },
    { name: "s400-html", does: "answers 400 with HTML", answer: html(400), gets: clientsMistake() },
    { name: "s400-empty", does: "answers 400 with nothing", answer: empty(400), gets: clientsMistake() },
    {
      name: "s422",
      does: "answers 422 with FastAPI's `detail`",
      answer: jsonAnswer(422, { detail: [{ loc: ["body", "top_p"], msg: "too large" }] }),
      gets: clientsMistake({ param: "top_p" }),
    },
    { name: "s404", does: "answers 404", answer: errorAnswer(404, { code: "model_not_found" }), gets: unknownModel() },
    { name: "s418", does: "answers 418", answer: empty(418), gets: unreadable() },
    { name: "s500", does: "answers 500 with OpenAI's error", answer: errorAnswer(500, { type: "server_error" }), gets: unreadable() },
    { name: "s500-empty", does: "answers 500 with nothing", answer: empty(500), gets: unreadable() },
    { name: "s502-html", does: "answers 502 with a proxy's HTML", answer: html(502), gets: unreadable() },
    {
      name: "s500-huge",
      does: "answers 500 with a body of 5 MB",
      answer: wholeAnswer(500, { "content-type": "text/plain" }, Buffer.alloc(5_000_000, "x")),
      gets: unreadable(),
    },
    {
      name: "s500-half",
      does: "answers 500 and closes in the middle of the body",
      answer: async ({ wire }) => {
        await wire.send(`${head(500, { "content-type": "application/json", "content-length": "99" })}{"error":`);
        wire.end();
      },
      gets: unreadable(),
    },
    {
      name: "s500-endless",
      does: "answers 500 and never ends the body",
      answer: async ({ wire }) => {
        await wire.send(`${head(500, { "content-type": "text/plain", "content-length": "99" })}Internal`);
      },
      ...{ timeouts: { first_token: "1500ms" }, gets: silent() },
    },
    { name: "s504", does: "answers 504", answer: html(504), gets: silent() },
    { name: "s503", does: "answers 503 with nothing", answer: empty(503), gets: overloaded({ retryAfter: /^1$/ }) },
    {
      name: "s503-later",
      does: "answers 503 with `retry-after: 2`",
      ...{ answer: errorAnswer(503, {}, { "retry-after": "2" }), restsMs: 2_000, gets: overloaded({ retryAfter: /^2$/ }) },
    },
    {
      name: "s529",
      does: "answers 529 (Anthropic is overloaded)",
      answer: errorAnswer(529, { type: "overloaded_error" }),
      gets: overloaded({ retryAfter: /^1$/ }),
    },
  ],
};

export const KEYS_AND_LIMITS: CaseSection = {
  title: "Keys and limits",
  cases: [
    ...keyCases,
    {
      name: "limit",
      does: "answers 429",
      ...{ answer: errorAnswer(429, {}), restsMs: 1_000, gets: limited({ retryAfter: /^1$/ }) },
    },
    {
      name: "limit-seconds",
      does: "answers 429 with `retry-after: 2`",
      ...{ answer: errorAnswer(429, {}, { "retry-after": "2" }), restsMs: 2_000, gets: limited({ retryAfter: /^2$/ }) },
    },
    {
      name: "limit-ms",
      does: "answers 429 with `retry-after-ms: 1500`",
      ...{
        answer: errorAnswer(429, {}, { "retry-after-ms": "1500", "retry-after": "9" }),
        restsMs: 1_500,
        gets: limited({ retryAfter: /^2$/ }),
      },
    },
    {
      name: "limit-date",
      does: "answers 429 with a date in `retry-after`",
      answer: (call) => errorAnswer(429, {}, { "retry-after": new Date(Date.now() + 3_000).toUTCString() })(call),
      ...{ restsMs: 3_000, gets: limited({ retryAfter: /^[23]$/ }) },
    },
    {
      name: "limit-key",
      does: "answers 429, and has one key",
      ...{ answer: errorAnswer(429, {}), keys: ONE_KEY, restsMs: 1_000, gets: limited({ retryAfter: /^1$/ }) },
    },
    {
      name: "limit-keys",
      does: "answers 429 to the first of its two keys",
      ...{ answer: refusesFirstKey(429), keys: ["key-one", "key-two"] },
      gets: answered({ after: ["rate-limited"], note: "the same deployment with the next key" }),
    },
    {
      name: "quota",
      does: "answers 429 because its quota is spent",
      answer: errorAnswer(429, { code: "insufficient_quota", type: "insufficient_quota" }),
      ...{ keys: ONE_KEY, restsMs: 1_000, gets: keyRefused() },
    },
  ],
};

export const PROMPTS: CaseSection = {
  title: "Prompts that it does not take",
  cases: [
    {
      name: "long-openai",
      does: "finds the prompt too long, by OpenAI's code",
      answer: errorAnswer(400, {
        code: "context_length_exceeded",
        message: "This model's maximum context length is 10 tokens. However, your messages resulted in 20 tokens.",
      }),
      gets: tooLong({ param: "messages" }),
    },
    {
      name: "long-vllm",
      does: "finds the prompt too long, in vLLM's words",
      answer: jsonAnswer(400, {
        object: "error",
        message: "This model's maximum context length is 10 tokens. However, your request has 20 input tokens. Please reduce the length.",
        ...{ type: "BadRequestError", param: null, code: 400 },
      }),
      gets: tooLong({ param: "messages" }),
    },
    {
      name: "long-anthropic",
      does: "finds the prompt too long, in Anthropic's words",
      answer: errorAnswer(400, { type: "invalid_request_error", message: "prompt is too long: 20 tokens > 10 maximum" }),
      gets: tooLong({ param: "messages" }),
    },
    {
      name: "long-llamacpp",
      does: "finds the prompt too long, by llama.cpp's type",
      answer: errorAnswer(400, { code: 400, type: "exceed_context_size_error", n_prompt_tokens: 20, n_ctx: 10 }),
      gets: tooLong({ param: "messages" }),
    },
    {
      name: "policy-azure",
      does: "refuses the content, by Azure's code",
      answer: errorAnswer(400, { code: "content_filter", innererror: { code: "ResponsibleAIPolicyViolation" } }),
      gets: unwanted(),
    },
    {
      name: "policy-deepseek",
      does: "refuses the content, in DeepSeek's words",
      answer: errorAnswer(400, { message: "Content Exists Risk", code: "invalid_request_error" }),
      gets: unwanted(),
    },
  ],
};
