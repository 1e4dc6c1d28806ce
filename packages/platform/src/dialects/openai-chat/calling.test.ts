import { describe, expect, it } from "vitest";
import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateRequest, OutputFormat, ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { writeChatBody } from "./calling.ts";

const QUESTION: ChatMessage = { role: "user", content: "hello" };

function bodyOf(request: Partial<GenerateRequest>, messages: readonly ChatMessage[] = [QUESTION]): Record<string, unknown> {
  const prompt = { kind: "chat", messages } as const;
  return writeChatBody(prompt, { prompt, choices: 1, stop: [], ...request }, "m");
}

describe("the body of a chat completion", () => {
  it("has nothing that was not asked for", () => {
    expect(bodyOf({})).toEqual({
      model: "m",
      messages: [{ role: "user", content: "hello" }],
      n: 1,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("spells every option", () => {
    const request: Partial<GenerateRequest> = {
      choices: 2,
      maxTokens: 5,
      stop: ["."],
      seed: 7,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      minP: 0.1,
      typicalP: 0.8,
      presencePenalty: 0.2,
      frequencyPenalty: 0.3,
      repetitionPenalty: 1.1,
      mirostat: { target: 5, learningRate: 0.1 },
      logitBias: new Map([[7, -100]]),
      ignoreEos: true,
      reasoning: { effort: "low", history: "disabled" },
      templateArguments: { date: "today" },
      logprobs: { alternatives: 3 },
      tokenIds: true,
      overflow: "truncate",
      truncatePrompt: 100,
      cacheKey: "k",
      user: "u",
    };
    expect(bodyOf(request)).toMatchObject({
      n: 2,
      max_tokens: 5,
      stop: ["."],
      seed: 7,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      typical_p: 0.8,
      presence_penalty: 0.2,
      frequency_penalty: 0.3,
      repetition_penalty: 1.1,
      mirostat_target: 5,
      mirostat_lr: 0.1,
      logit_bias: { "7": -100 },
      ignore_eos: true,
      reasoning_effort: "low",
      reasoning_history: "disabled",
      chat_template_kwargs: { date: "today" },
      logprobs: true,
      top_logprobs: 3,
      return_token_ids: true,
      context_length_exceeded_behavior: "truncate",
      prompt_truncate_len: 100,
      prompt_cache_key: "k",
      user: "u",
    });
  });

  it("switches thinking by both names that templates have for it, and leaves the client's own variables as they are", () => {
    expect(bodyOf({ reasoning: { enabled: false } })).toMatchObject({ chat_template_kwargs: { enable_thinking: false, thinking: false } });
    const own = { reasoning: { enabled: false }, templateArguments: { thinking: true } };
    expect(bodyOf(own)).toMatchObject({ chat_template_kwargs: { enable_thinking: false, thinking: true } });
    expect(bodyOf({ reasoning: { budgetTokens: 2_048 } })).toMatchObject({ thinking: { type: "enabled", budget_tokens: 2_048 } });
  });

  it.each<[OutputFormat, unknown]>([
    [{ kind: "json-object", param: "p" }, { type: "json_object" }],
    [
      { kind: "json-schema", schema: { type: "object" }, strict: true, param: "p" },
      { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" }, strict: true } },
    ],
    [
      { kind: "json-schema", schema: {}, strict: false, name: "n", description: "d", param: "p" },
      { type: "json_schema", json_schema: { name: "n", description: "d", schema: {}, strict: false } },
    ],
    [
      { kind: "regex", pattern: "a|b", param: "p" },
      { type: "regex", pattern: "a|b" },
    ],
    [
      { kind: "grammar", gbnf: 'root ::= "a"', param: "p" },
      { type: "grammar", grammar: 'root ::= "a"' },
    ],
  ])("asks for the format of %o", (format, expected) => {
    expect(bodyOf({ format }).response_format).toEqual(expected);
  });
});

describe("tools in a body", () => {
  const tool = (name: string, more: Partial<ToolDefinition> = {}): ToolDefinition => ({
    name,
    parameters: { type: "object" },
    strict: false,
    param: "tools",
    ...more,
  });
  const use = (more: Partial<ToolUse>): ToolUse => ({
    definitions: [tool("f"), tool("g"), tool("h")],
    choice: "auto",
    parallel: true,
    ...more,
  });
  const named = (...names: string[]) => names.map((name) => ({ type: "function", function: { name, parameters: { type: "object" } } }));

  it("stand there with all that is known of them", () => {
    const definitions = [tool("f", { description: "d", strict: true })];
    expect(bodyOf({ tools: { definitions, choice: "auto", parallel: false } })).toMatchObject({
      tools: [{ type: "function", function: { name: "f", description: "d", parameters: { type: "object" }, strict: true } }],
      tool_choice: "auto",
      parallel_tool_calls: false,
    });
  });

  it.each([
    ["any of them", use({}), ["f", "g", "h"], "auto"],
    ["one has to be called", use({ choice: "required" }), ["f", "g", "h"], "required"],
    ["none may be called", use({ choice: "none", allowed: ["f"] }), ["f", "g", "h"], "none"],
    ["a named one", use({ choice: "required", allowed: ["g"] }), ["f", "g", "h"], { type: "function", function: { name: "g" } }],
    ["one of some", use({ choice: "required", allowed: ["f", "g"] }), ["f", "g"], "required"],
    ["some or none", use({ choice: "auto", allowed: ["h"] }), ["h"], "auto"],
  ])("are chosen from: %s", (_, tools, names, choice) => {
    const body = bodyOf({ tools });
    expect(body.tools).toEqual(named(...names));
    expect(body.tool_choice).toEqual(choice);
    expect(body).not.toHaveProperty("parallel_tool_calls");
  });
});

describe("messages in a body", () => {
  it("keep calls, their results and thoughts", () => {
    const toolCalls = [{ id: "call_1", name: "f", arguments: '{"a":1}' }];
    const messages: ChatMessage[] = [
      { role: "system", content: "s" },
      { role: "user", content: "u", name: "ann" },
      { role: "assistant", content: "", reasoning: "hm", toolCalls },
      { role: "tool", toolCallId: "call_1", content: "r" },
      { role: "assistant", content: "" },
    ];
    expect(bodyOf({}, messages).messages).toEqual([
      { role: "system", content: "s" },
      { role: "user", content: "u", name: "ann" },
      {
        role: "assistant",
        content: null,
        reasoning_content: "hm",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "r" },
      { role: "assistant", content: "" },
    ]);
  });

  it("hold the bytes of pictures", () => {
    const source = { kind: "bytes", mediaType: "image/png", base64: "AAAA" } as const;
    const content = [{ kind: "text", text: "what?" } as const, { kind: "image", source, param: "p" } as const];
    expect(bodyOf({}, [{ role: "user", content }]).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "what?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
    ]);
  });

  it("never hold the address of one", () => {
    const source = { kind: "url", url: "https://example.com/a.png", detail: "auto" } as const;
    const write = () => bodyOf({}, [{ role: "user", content: [{ kind: "image", source, param: "messages[0].content[0]" }] }]);
    expect(write).toThrow(EngineError);
  });
});
