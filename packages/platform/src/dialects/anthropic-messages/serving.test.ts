import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import { readMessagesCall, readTokenCountCall } from "./serving.ts";

const BODY = { model: "m", max_tokens: 2_000, messages: [{ role: "user", content: "hi" }] };
const TOOL = { name: "weather", description: "Tells it.", input_schema: { type: "object", properties: { city: { type: "string" } } } };
const READ_TOOL = {
  name: "weather",
  description: "Tells it.",
  parameters: TOOL.input_schema,
  strict: false,
  param: "tools[0].input_schema",
};

const read = (fields: object) => readMessagesCall({ ...BODY, ...fields });
const readRequest = (fields: object) => read(fields).requests[0];

function failure(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("The body was accepted.");
}

describe("readMessagesCall", () => {
  it("reads the least that a request can be; null is absent", () => {
    const nulls = { system: null, tools: null, tool_choice: null, thinking: null, temperature: null, stop_sequences: null, stream: null };
    for (const fields of [{}, nulls]) {
      expect(read(fields)).toEqual({
        model: "m",
        requests: [
          {
            prompt: { kind: "chat", messages: [{ role: "user", content: "hi" }] },
            choices: 1,
            maxTokens: 2_000,
            stop: [],
            overflow: "truncate",
          },
        ],
        stream: false,
        ignored: [],
        style: { showsThinking: true },
      });
    }
  });

  it("reads the sampling fields", () => {
    const fields = { temperature: 0, top_p: 0.5, top_k: 3, stop_sequences: ["x"], metadata: { user_id: "u" }, stream: true };
    expect(readRequest(fields)).toMatchObject({ temperature: 0, topP: 0.5, topK: 3, stop: ["x"], user: "u" });
    expect(read(fields).stream).toBe(true);
  });

  it.each([
    [undefined, { choice: "auto", parallel: true }],
    [
      { type: "auto", disable_parallel_tool_use: true },
      { choice: "auto", parallel: false },
    ],
    [{ type: "any" }, { choice: "required", parallel: true }],
    [
      { type: "tool", name: "weather", disable_parallel_tool_use: true },
      { choice: "required", allowed: ["weather"], parallel: false },
    ],
    [{ type: "none" }, { choice: "none", parallel: true }],
  ])("reads tools with the choice %j", (choice, expected) => {
    expect(readRequest({ tools: [TOOL], tool_choice: choice }).tools).toEqual({ definitions: [READ_TOOL], ...expected });
  });

  it("reads strict tools, and what says in other words that a tool is an ordinary one", () => {
    const plain = { type: "custom", strict: true, defer_loading: false, allowed_callers: ["direct"], input_examples: [] };
    expect(readRequest({ tools: [{ ...TOOL, ...plain }] }).tools?.definitions).toEqual([{ ...READ_TOOL, strict: true }]);
  });

  it("takes no tools for none", () => {
    expect(readRequest({ tools: [], tool_choice: { type: "auto" } })).not.toHaveProperty("tools");
  });

  it.each([
    [{ thinking: { type: "enabled", budget_tokens: 1_024 } }, { enabled: true, budgetTokens: 1_024 }],
    [{ thinking: { type: "adaptive" } }, { enabled: true }],
    [{ thinking: { type: "disabled" } }, { enabled: false }],
    [{ output_config: { effort: "low" } }, { effort: "low" }],
    [
      { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
      { enabled: true, effort: "xhigh" },
    ],
  ])("reads how to think from %j", (fields, reasoning) => {
    expect(readRequest(fields).reasoning).toEqual(reasoning);
  });

  it("hides thoughts that are to be omitted", () => {
    expect(read({ thinking: { type: "adaptive", display: "omitted" } }).style).toEqual({ showsThinking: false });
    expect(read({ thinking: { type: "adaptive", display: "summarized" } }).style).toEqual({ showsThinking: true });
  });

  it.each([
    [{ output_config: { format: { type: "json_schema", schema: { type: "object" } } } }, "output_config.format.schema"],
    [{ output_format: { type: "json_schema", schema: { type: "object" } } }, "output_format.schema"],
  ])("reads the format of the answer from %j", (fields, param) => {
    expect(readRequest(fields).format).toEqual({ kind: "json-schema", schema: { type: "object" }, strict: true, param });
  });

  it("lists what has no effect, wherever it stands", () => {
    const cached = { cache_control: { type: "ephemeral", ttl: "1h" } };
    expect(read({ speed: "fast", ...cached }).ignored.toSorted()).toEqual(["cache_control", "speed"]);
    expect(read({ system: [{ type: "text", text: "s", ...cached }] }).ignored).toEqual(["cache_control"]);
    expect(read({ messages: [{ role: "user", content: [{ type: "text", text: "s", ...cached }] }] }).ignored).toEqual(["cache_control"]);
    expect(read({ tools: [{ ...TOOL, ...cached, eager_input_streaming: true }] }).ignored).toEqual([
      "cache_control",
      "eager_input_streaming",
    ]);
    const history = [
      { role: "user", content: "a" },
      { role: "assistant", content: [{ type: "redacted_thinking", data: "x" }] },
      ...BODY.messages,
    ];
    expect(read({ messages: history }).ignored).toEqual(["redacted_thinking"]);
  });

  it("does not take a tool's own argument for a hint", () => {
    const input = { cache_control: { type: "ephemeral" } };
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "b" }] },
    ];
    expect(read({ messages }).ignored).toEqual([]);
  });

  it.each([
    [{ context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] } }],
    [{ mcp_servers: [], fallbacks: [] }],
    [{ inference_geo: "global" }],
  ])("accepts what asks for nothing: %j", (fields) => {
    expect(read(fields).ignored).toEqual([]);
  });

  it.each([
    [{ no_such_field: 1 }, "unknown_parameter", "no_such_field"],
    [{ max_tokens: undefined }, "missing_required_parameter", "max_tokens"],
    [{ max_tokens: 0 }, "invalid_value", "max_tokens"],
    [{ temperature: 1.5 }, "invalid_value", "temperature"],
    [{ messages: [] }, "invalid_value", "messages"],
    [{ messages: [{ role: "tool", content: "a" }] }, "invalid_value", "messages[0].role"],
    [{ messages: [{ role: "user", content: [{ type: "document", source: {} }] }] }, "invalid_value", "messages[0].content[0].type"],
    [
      { messages: [{ role: "user", content: [{ type: "text", text: "a", extra: 1 }] }] },
      "unknown_parameter",
      "messages[0].content[0].extra",
    ],
    [
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "file", file_id: "f" } }] }] },
      "invalid_value",
      "messages[0].content[0].source.type",
    ],
    [{ tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 1 }] }, "invalid_value", "tools[0].type"],
    [{ tools: [{ ...TOOL, name: "a b" }] }, "invalid_value", "tools[0].name"],
    [{ tools: [TOOL, TOOL] }, "invalid_value", "tools[1].name"],
    [{ tools: [{ ...TOOL, input_schema: { type: "string" } }] }, "invalid_value", "tools[0].input_schema.type"],
    [
      { tools: [{ ...TOOL, input_schema: { type: "object", properties: { a: { type: "text" } } } }] },
      "invalid_value",
      "tools[0].input_schema.properties.a.type",
    ],
    [{ tools: [{ ...TOOL, input_examples: [{}] }] }, "invalid_value", "tools[0].input_examples"],
    [{ tool_choice: { type: "any" } }, "invalid_value", "tool_choice"],
    [{ tools: [TOOL], tool_choice: { type: "tool", name: "other" } }, "invalid_value", "tool_choice.name"],
    [{ thinking: { type: "enabled", budget_tokens: 100 } }, "invalid_value", "thinking.budget_tokens"],
    [{ thinking: { type: "enabled", budget_tokens: 2_000 } }, "invalid_value", "thinking.budget_tokens"],
    [{ thinking: { type: "between_tools" } }, "invalid_value", "thinking.type"],
    [{ output_config: { format: { type: "json_schema", schema: { type: "text" } } } }, "invalid_value", "output_config.format.schema.type"],
    [
      { output_config: { format: { type: "json_schema", schema: {} } }, output_format: { type: "json_schema", schema: {} } },
      "invalid_value",
      "output_format",
    ],
    [{ container: "c" }, "unsupported_parameter", "container"],
    [{ mcp_servers: [{ type: "url" }] }, "unsupported_parameter", "mcp_servers"],
    [{ inference_geo: "us" }, "unsupported_parameter", "inference_geo"],
    [{ context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }, "unsupported_parameter", "context_management"],
  ])("refuses %j", (fields, code, param) => {
    const error = failure(() => read(fields));
    expect({ code: error.code, param: error.param }).toEqual({ code, param });
    expect(error.message).toContain(param);
  });
});

describe("readTokenCountCall", () => {
  it("reads what becomes part of the prompt, by the same rules", () => {
    const { max_tokens: _, ...body } = BODY;
    const call = readTokenCountCall({ ...body, system: "s", tools: [TOOL], thinking: { type: "disabled" } });
    const { prompt, tools, reasoning } = readRequest({ system: "s", tools: [TOOL], thinking: { type: "disabled" } });
    expect(call).toEqual({ model: "m", request: { prompt, tools, reasoning }, ignored: [] });
  });

  it("refuses what is only for answers", () => {
    expect(failure(() => readTokenCountCall(BODY))).toMatchObject({ code: "unknown_parameter", param: "max_tokens" });
  });
});
