import { responseObject } from "@bonfire/protocol/responses";
import { describe, expect, it } from "vitest";
import { readCountCall, readResponseCall } from "./read-request.ts";
import { beginResponse } from "./response-states.ts";

const BODY = { model: "m", input: "hi" };
const TOOL = { type: "function", name: "look_up", parameters: { type: "object", properties: { word: { type: "string" } } } };
const SCHEMA = { type: "object", properties: { age: { type: "integer" } } };

describe("readResponseCall", () => {
  it("treats null as absent", () => {
    const nothing = { instructions: null, previous_response_id: null, conversation: null, tools: null, tool_choice: null, text: null };
    const options = { reasoning: null, include: null, metadata: null, stream: null, truncation: null, prompt: null, service_tier: null };
    expect(readResponseCall({ ...BODY, ...nothing, ...options })).toMatchObject({
      options: { choices: 1, stop: [], temperature: 1, topP: 1 },
      previousResponseId: undefined,
      conversationId: undefined,
      stream: false,
      store: true,
      background: false,
      ignored: [],
    });
  });

  it("reads every field that is served", () => {
    const { options } = readResponseCall({
      ...BODY,
      tools: [{ ...TOOL, description: "Looks a word up.", strict: true }],
      tool_choice: { type: "function", name: "look_up" },
      parallel_tool_calls: false,
      text: { format: { type: "json_schema", name: "person", schema: SCHEMA, strict: true }, verbosity: "medium" },
      reasoning: { effort: "low" },
      temperature: 0.5,
      top_p: 0.9,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      top_logprobs: 3,
      max_output_tokens: 7,
      truncation: "auto",
      prompt_cache_key: "tenant",
      user: "ada",
      safety_identifier: "hash-of-ada",
    });
    expect(options).toEqual({
      choices: 1,
      stop: [],
      temperature: 0.5,
      topP: 0.9,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      maxTokens: 7,
      logprobs: { alternatives: 3 },
      truncatePrompt: "context",
      cacheKey: "tenant",
      user: "hash-of-ada",
      reasoning: { effort: "low" },
      tools: {
        definitions: [
          { name: "look_up", description: "Looks a word up.", parameters: TOOL.parameters, strict: true, param: "tools[0].parameters" },
        ],
        choice: "required",
        allowed: ["look_up"],
        parallel: false,
      },
      format: { kind: "json-schema", schema: SCHEMA, strict: true, name: "person", param: "text.format.schema" },
    });
  });

  it.each([
    ["none", { choice: "none" }],
    ["required", { choice: "required" }],
    [
      { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "look_up" }] },
      { choice: "auto", allowed: ["look_up"] },
    ],
  ])("reads the tool choice %j", (tool_choice, expected) => {
    expect(readResponseCall({ ...BODY, tools: [TOOL], tool_choice }).options.tools).toMatchObject(expected);
  });

  it("asks for log-probabilities where they are included", () => {
    const { options, ignored } = readResponseCall({ ...BODY, include: ["message.output_text.logprobs"] });
    expect(options.logprobs).toEqual({ alternatives: 0 });
    expect(ignored).toEqual([]);
  });

  it("turns thinking off where no effort is wanted", () => {
    expect(readResponseCall({ ...BODY, reasoning: { effort: "none" } }).options.reasoning).toEqual({ enabled: false, effort: "none" });
  });

  it("lists what cannot change the answer's tokens", () => {
    const { ignored } = readResponseCall({
      ...BODY,
      stream: true,
      prompt_cache_retention: "24h",
      max_tool_calls: 3,
      include: ["reasoning.encrypted_content"],
      reasoning: { summary: "auto" },
      stream_options: { include_obfuscation: true },
    });
    expect(ignored).toEqual([
      ...["prompt_cache_retention", "max_tool_calls"],
      ...["include.reasoning.encrypted_content", "reasoning.summary", "stream_options.include_obfuscation"],
    ]);
  });

  it("echoes the request in the response's shape, defaults filled in", () => {
    const { echo } = readResponseCall({ ...BODY, tools: [TOOL], text: { format: { type: "json_schema", name: "n", schema: SCHEMA } } });
    const response = responseObject.parse(beginResponse("resp_1", 1, "in_progress", echo));
    expect(response).toMatchObject({
      temperature: 1,
      top_p: 1,
      top_logprobs: 0,
      tool_choice: "auto",
      parallel_tool_calls: true,
      truncation: "disabled",
      store: true,
      metadata: {},
      tools: [{ type: "function", name: "look_up", description: null, strict: false }],
      text: { format: { type: "json_schema", name: "n", description: null, strict: false }, verbosity: "medium" },
    });
  });

  it.each([
    ["an unknown field", { foo: 1 }, "unknown_parameter", "foo"],
    ["an unknown key of an item", { input: [{ role: "user", content: "a", foo: 1 }] }, "unknown_parameter", "input[0].foo"],
    ["no input", { input: undefined }, "missing_required_parameter", "input"],
    ["a prompt template", { prompt: { id: "pmpt_1" } }, "unsupported_parameter", "prompt"],
    ["moderation", { moderation: { model: "m" } }, "unsupported_parameter", "moderation"],
    ["a built-in tool", { tools: [{ type: "web_search" }] }, "invalid_value", "tools[0].type"],
    ["an item of a kind that is not served", { input: [{ type: "computer_call" }] }, "invalid_value", "input[0].type"],
    [
      "a part that is not served",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
      "invalid_value",
      "input[0].content[0].type",
    ],
    [
      "an image by the id of a file",
      { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] },
      "unsupported_parameter",
      "input[0].content[0].file_id",
    ],
    ["two tools with one name", { tools: [TOOL, TOOL] }, "invalid_value", "tools[1].name"],
    ["a choice that no tool has", { tools: [TOOL], tool_choice: { type: "function", name: "b" } }, "invalid_value", "tool_choice.name"],
    ["a choice without tools", { tool_choice: "required" }, "invalid_value", "tool_choice"],
    [
      "a schema that is none",
      { text: { format: { type: "json_schema", name: "n", schema: { type: "object", properties: { age: { type: "int" } } } } } },
      "invalid_value",
      "text.format.schema.properties.age.type",
    ],
    ["another verbosity", { text: { verbosity: "high" } }, "unsupported_parameter", "text.verbosity"],
    ["both ways to continue", { previous_response_id: "resp_1", conversation: "conv_1" }, "invalid_value", "previous_response_id"],
    ["a background that is not stored", { background: true, store: false }, "invalid_value", "store"],
    ["a conversation that is not stored", { conversation: { id: "conv_1" }, store: false }, "invalid_value", "store"],
    ["options of a stream without one", { stream_options: {} }, "invalid_value", "stream_options"],
  ])("refuses %s and names it", (_, fields, code, param) => {
    expect(() => readResponseCall({ ...BODY, ...fields })).toThrow(expect.objectContaining({ code, param }));
  });
});

describe("readCountCall", () => {
  it("takes what decides which tokens the prompt has, and nothing else", () => {
    expect(readCountCall({ ...BODY, tools: [TOOL] }).options.tools?.definitions).toHaveLength(1);
    expect(() => readCountCall({ ...BODY, temperature: 1 })).toThrow(expect.objectContaining({ param: "temperature" }));
  });
});
