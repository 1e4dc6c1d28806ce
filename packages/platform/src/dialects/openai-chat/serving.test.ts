import type { Dialect } from "@bonfire/protocol/dialect";
import { describe, expect, it } from "vitest";
import type { GenerateRequest } from "../../engine/generation.ts";
import { readChatCall } from "./serving.ts";

const BODY = { model: "m", messages: [{ role: "user", content: "hi" }] };
const EVERY_DIALECT = ["openai", "together", "fireworks"] as const;

function request(body: object, dialect: Dialect = "openai"): GenerateRequest {
  return readChatCall({ ...BODY, ...body }, dialect).requests[0];
}

/** What the client would be told. */
function refusal(body: object, dialect: Dialect = "openai"): unknown {
  try {
    readChatCall({ ...BODY, ...body }, dialect);
  } catch (error) {
    return error;
  }
  throw new Error("The body was accepted.");
}

describe("readChatCall", () => {
  it("treats null as absent", () => {
    const nothing = { temperature: null, stop: null, n: null, stream: null, tools: null, response_format: null, stream_options: null };
    const call = readChatCall({ ...BODY, ...nothing, logprobs: null, reasoning_effort: null, store: null, x: null }, "openai");
    expect(call.requests).toEqual([
      { prompt: { kind: "chat", messages: [{ role: "user", content: "hi" }] }, choices: 1, stop: [], overflow: "error" },
    ]);
    expect(call).toMatchObject({ model: "m", stream: false, ignored: [] });
  });

  it("reads every sampling field", () => {
    const body = {
      ...{ n: 2, stop: "x", seed: 7, temperature: 0.5, top_p: 0.9, top_k: 40, min_p: 0.1, typical_p: 0.8, max_tokens: 9 },
      ...{ presence_penalty: 1, frequency_penalty: -1, repetition_penalty: 1.1, mirostat_target: 5, mirostat_lr: 0.1, ignore_eos: true },
      ...{ logit_bias: { "5": -100 }, user: "ada", prompt_cache_key: "k", prompt_truncate_len: 100, chat_template_kwargs: { a: 1 } },
      context_length_exceeded_behavior: "truncate",
    };
    expect(request(body)).toEqual({
      prompt: { kind: "chat", messages: [{ role: "user", content: "hi" }] },
      ...{ choices: 2, stop: ["x"], seed: 7, temperature: 0.5, topP: 0.9, topK: 40, minP: 0.1, typicalP: 0.8, maxTokens: 9 },
      ...{ presencePenalty: 1, frequencyPenalty: -1, repetitionPenalty: 1.1, mirostat: { target: 5, learningRate: 0.1 }, ignoreEos: true },
      ...{ logitBias: new Map([[5, -100]]), user: "ada", cacheKey: "k", truncatePrompt: 100, templateArguments: { a: 1 } },
      overflow: "truncate",
    });
  });

  it("takes the end user for the cache key where there is none", () => {
    expect(request({ user: "ada" })).toMatchObject({ cacheKey: "ada", user: "ada" });
  });

  it("reads vLLM's -1 as all tokens", () => {
    expect(request({ top_k: -1 }).topK).toBe(0);
  });

  it.each([
    ["openai", "error"],
    ["together", "error"],
    ["fireworks", "truncate"],
  ] as const)("does with a length that does not fit what %s does", (dialect, overflow) => {
    expect(request({}, dialect).overflow).toBe(overflow);
  });

  it("lets max_completion_tokens win over max_tokens", () => {
    expect(request({ max_tokens: 5, max_completion_tokens: 7 }).maxTokens).toBe(7);
  });

  it.each(["max_tokens", "max_completion_tokens"])("refuses %s 0, unless only the prompt is wanted", (field) => {
    expect(refusal({ [field]: 0 })).toMatchObject({ code: "invalid_value", param: field });
    expect(request({ [field]: 0, echo: true }).maxTokens).toBe(0);
  });

  it.each([
    ["openai", { n: 129 }, "n", "at most 128"],
    ["together", { n: 129 }, "n", "at most 128"],
    ["together", { presence_penalty: 2.1 }, "presence_penalty", "at most 2"],
    ["together", { frequency_penalty: 2.1 }, "frequency_penalty", "at most 2"],
    ["together", { min_p: 1.1 }, "min_p", "at most 1"],
    ["together", { max_tokens: 200_000 }, "max_tokens", "from 0 to 199999, but got 200000"],
    ["fireworks", { top_k: 101 }, "top_k", "from 0 to 100, but got 101"],
    ["fireworks", { repetition_penalty: 2.5 }, "repetition_penalty", "from 0 to 2"],
    ["fireworks", { logprobs: 6 }, "logprobs", "from 0 to 5"],
    ["fireworks", { logprobs: true, top_logprobs: 6 }, "top_logprobs", "from 0 to 5"],
    ["openai", { logprobs: true, top_logprobs: 21 }, "top_logprobs", "at most 20"],
    ["openai", { stop: Array.from({ length: 17 }, String) }, "stop", "at most 16"],
    ["fireworks", { max_tokens: 5, max_completion_tokens: 5 }, "max_completion_tokens", "cannot be given together"],
    ["openai", { top_logprobs: 2 }, "top_logprobs", "only allowed when 'logprobs' is true"],
    ["openai", { stream_options: { include_usage: true } }, "stream_options", "only allowed when 'stream' is true"],
    ["openai", { prompt_logprobs: 1, stream: true }, "prompt_logprobs", "not told in streams"],
  ] as const)("refuses of %s %j, in words", (dialect, body, param, words) => {
    expect(refusal(body, dialect)).toMatchObject({ param, status: 400, message: expect.stringContaining(words) });
  });

  it.each(["openai", "fireworks"] as const)("knows no such limit of tokens for %s", (dialect) => {
    expect(request({ max_tokens: 200_000 }, dialect).maxTokens).toBe(200_000);
  });
});

describe("fields without effect", () => {
  it.each(EVERY_DIALECT)("are accepted and listed for clients of %s, whichever API they come from", (dialect) => {
    const body = {
      store: true,
      metadata: { a: "b" },
      safety_identifier: "u",
      prediction: { type: "content", content: "x" },
      speculation: "x",
    };
    expect(readChatCall({ ...BODY, ...body }, dialect).ignored).toEqual(Object.keys(body));
  });

  it("are citations in an earlier answer", () => {
    const messages = [{ role: "assistant", content: "a", annotations: [{ type: "url_citation" }] }, ...BODY.messages];
    expect(readChatCall({ model: "m", messages }, "openai").ignored).toEqual(["messages[0].annotations"]);
  });
});

describe("fields that would change the answer", () => {
  it.each([
    ["audio", { voice: "alloy" }],
    ["web_search_options", {}],
    ["verbosity", "low"],
    ["modalities", ["text", "audio"]],
    ["moderation", { model: "omni-moderation" }],
    ["safety_model", "guard"],
    ["compliance", "hipaa"],
    ["echo_last", 3],
    ["guided_json", {}],
    ["min_tokens", 5],
  ])("are refused by name in every dialect: %s", (name, value) => {
    for (const dialect of EVERY_DIALECT) {
      expect(refusal({ [name]: value }, dialect)).toMatchObject({ code: "unsupported_parameter", param: name });
    }
  });

  it.each([
    ["tools", []],
    ["tool_choice", "none"],
    ["response_format", { type: "text" }],
    ["logprobs", false],
    ["parallel_tool_calls", true],
    ["functions", []],
    ["function_call", "auto"],
    ["modalities", ["text"]],
    ["verbosity", "medium"],
    ["stop_token_ids", []],
  ])("are accepted where their value asks for nothing: %s", (name, value) => {
    const call = readChatCall({ ...BODY, [name]: value }, "openai");
    expect(call.ignored).toEqual([]);
    expect(call.requests).toEqual(readChatCall(BODY, "openai").requests);
  });
});

describe("unknown fields", () => {
  it.each(["foo", "__proto__", "constructor", "toString"])("are refused by OpenAI's dialect: %s", (name) => {
    const body: object = JSON.parse(`{"${name}":1}`);
    const whole: unknown = JSON.parse(`{"model":"m","messages":[{"role":"user","content":"hi"}],${JSON.stringify(body).slice(1)}`);
    expect(() => readChatCall(whole, "openai")).toThrow(expect.objectContaining({ code: "unknown_parameter", param: name }));
  });

  const tools = [{ type: "function", function: { name: "f", cache: 1 }, cache_control: {} }];
  const content = [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }];
  const nested: [object, string[]][] = [
    [{ messages: [{ role: "user", content: "hi", mood: 1 }] }, ["messages[0].mood"]],
    [{ messages: [{ role: "user", content }] }, ["messages[0].content[0].cache_control"]],
    [{ tools }, ["tools[0].function.cache", "tools[0].cache_control"]],
    [{ stream: true, stream_options: { continuous_usage_stats: true } }, ["stream_options.continuous_usage_stats"]],
  ];

  it.each(nested)("inside of others are refused by OpenAI's dialect: %j", (body, [param]) => {
    expect(refusal(body)).toMatchObject({ code: "unknown_parameter", param });
  });

  it.each(nested)("inside of others are ignored and listed by those of Together and Fireworks: %j", (body, paths) => {
    expect(readChatCall({ ...BODY, ...body, foo: 1 }, "together").ignored).toEqual(["foo", ...paths]);
    expect(readChatCall({ ...BODY, ...body, foo: 1 }, "fireworks").ignored).toEqual(["foo", ...paths]);
  });

  it("are never ignored where they would say how to think or what to answer", () => {
    expect(refusal({ reasoning: { enabled: true, effort: "high" } }, "together")).toMatchObject({ param: "reasoning.effort" });
    expect(refusal({ response_format: { type: "text", pattern: "x" } }, "together")).toMatchObject({ param: "response_format.pattern" });
  });
});

describe("what is nested 10,000 levels deep", () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`);
  const call = { id: "c", function: { name: "f", arguments: deep } };

  it.each<[string, object]>([
    ["chat_template_kwargs", { chat_template_kwargs: deep }],
    ["messages[0].tool_calls[0].function.arguments", { messages: [{ role: "assistant", tool_calls: [call] }] }],
    ["tools[0].function.parameters", { tools: [{ function: { name: "f", parameters: { properties: deep } } }] }],
    ["response_format.json_schema", { response_format: { type: "json_schema", json_schema: { properties: deep } } }],
  ])("is refused where it would have to be written again: %s", (param, body) => {
    expect(refusal(body)).toMatchObject({ status: 400, param });
  });
});

describe("reasoning", () => {
  it.each([
    [{ reasoning_effort: "low" }, { effort: "low" }],
    [{ reasoning_effort: "none" }, { enabled: false, effort: "none" }],
    [{ reasoning_effort: false }, { enabled: false, effort: "none" }],
    [{ reasoning_effort: true }, { enabled: true, effort: "medium" }],
    [{ reasoning_effort: 500 }, { enabled: true, budgetTokens: 500 }],
    [{ reasoning: { enabled: false } }, { enabled: false }],
    [
      { reasoning: { enabled: true }, reasoning_effort: "high" },
      { enabled: true, effort: "high" },
    ],
    [{ thinking: { type: "enabled", budget_tokens: 2_048 } }, { enabled: true, budgetTokens: 2_048 }],
    [{ thinking: { type: "disabled" } }, { enabled: false }],
    [{ reasoning_history: "preserved" }, { history: "preserved" }],
  ])("is read in every form: %j", (body, expected) => {
    expect(request(body).reasoning).toEqual(expected);
  });

  it.each([
    [{ reasoning_effort: "extreme" }, "reasoning_effort"],
    [{ reasoning_effort: 0 }, "reasoning_effort"],
    [{ thinking: { type: "enabled", budget_tokens: 10 } }, "thinking.budget_tokens"],
    [{ thinking: { type: "disabled" }, reasoning_effort: "low" }, "thinking"],
    [{ reasoning: { enabled: true }, reasoning_effort: "none" }, "reasoning"],
  ])("is refused where it makes no sense: %j", (body, param) => {
    expect(refusal(body)).toMatchObject({ status: 400, param });
  });
});

describe("log-probabilities and what else is told", () => {
  it.each([
    [{ logprobs: true }, { logprobs: { alternatives: 0 } }, "objects"],
    [{ logprobs: true, top_logprobs: 3 }, { logprobs: { alternatives: 3 } }, "objects"],
    [{ logprobs: 2 }, { logprobs: { alternatives: 2 } }, "arrays"],
    [{ logprobs: 2, top_logprobs: 5 }, { logprobs: { alternatives: 5 } }, "arrays"],
    [{ logprobs: 2, echo: true }, { logprobs: { alternatives: 2 }, echo: { logprobs: { alternatives: 2 } } }, "arrays"],
    [{ echo: true }, { echo: {} }, undefined],
    [{ prompt_logprobs: 1 }, { echo: { logprobs: { alternatives: 1 } } }, undefined],
    [{ return_token_ids: true }, { tokenIds: true }, undefined],
    [{ raw_output: true }, { tokenIds: true, echo: {} }, undefined],
  ])("of %j", (body, expected, shape) => {
    const { requests, style } = readChatCall({ ...BODY, ...body }, "openai");
    const { logprobs, echo, tokenIds } = requests[0];
    expect({ logprobs, echo, tokenIds }).toEqual({ logprobs: undefined, echo: undefined, tokenIds: undefined, ...expected });
    expect(style.logprobs).toBe(shape);
  });
});
