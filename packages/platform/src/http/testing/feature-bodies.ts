const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string", enum: ["Rome", "Oslo"] }, days: { type: "integer", minimum: 1 } },
  required: ["city"],
  additionalProperties: false,
};
const QUESTION = [{ role: "user", content: "one two three" }];
const CHAT = { model: "alias", max_tokens: 8, messages: QUESTION };
const CHAT_TOOL = { type: "function", function: { name: "weather", description: "It tells.", parameters: SCHEMA, strict: true } };
const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } };
const MESSAGES = { model: "alias", max_tokens: 8, messages: QUESTION };
const MESSAGES_TOOL = { name: "weather", description: "It tells.", input_schema: SCHEMA };
const RESPONSE = { model: "alias", max_output_tokens: 16, input: "one two three" };
const RESPONSE_TOOL = { type: "function", name: "weather", parameters: SCHEMA, strict: false };

const chat = [
  CHAT,
  { ...CHAT, stream: true, stream_options: { include_usage: true }, stop: ["x", "y"], seed: 1, n: 2, user: "somebody" },
  { ...CHAT, temperature: 0.5, top_p: 0.9, top_k: 5, min_p: 0.1, presence_penalty: 1, frequency_penalty: 1, logit_bias: { "5": -1 } },
  { ...CHAT, logprobs: true, top_logprobs: 2 },
  { ...CHAT, tools: [CHAT_TOOL], tool_choice: "required", parallel_tool_calls: false },
  { ...CHAT, tools: [CHAT_TOOL], tool_choice: { type: "function", function: { name: "weather" } }, stream: true },
  {
    ...CHAT,
    tools: [CHAT_TOOL],
    messages: [
      ...QUESTION,
      { role: "assistant", content: null, tool_calls: [CALL] },
      { role: "tool", tool_call_id: "call_1", content: "8 °C" },
    ],
  },
  { ...CHAT, max_tokens: 30, response_format: { type: "json_schema", json_schema: { name: "trip", schema: SCHEMA, strict: true } } },
  { ...CHAT, max_tokens: 30, response_format: { type: "json_object" }, stream: true },
  { ...CHAT, max_tokens: 30, response_format: { type: "json_object", schema: SCHEMA } },
  { ...CHAT, reasoning_effort: "low", chat_template_kwargs: { enable_thinking: true } },
  {
    ...CHAT,
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
    ],
  },
];
const completions = [
  { model: "alias", prompt: "one two", max_tokens: 4 },
  { model: "alias", prompt: ["one", "two"], max_tokens: 4, logprobs: 2, echo: true, stream: true },
  { model: "alias", prompt: "one two", max_tokens: 4, suffix: null, stop: "x", n: 2, best_of: 2 },
];
const messages = [
  { ...MESSAGES, system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }], stop_sequences: ["x"], top_k: 3 },
  { ...MESSAGES, stream: true, temperature: 0.5, metadata: { user_id: "somebody" } },
  { ...MESSAGES, tools: [MESSAGES_TOOL], tool_choice: { type: "any", disable_parallel_tool_use: true } },
  {
    ...MESSAGES,
    tools: [MESSAGES_TOOL],
    messages: [
      ...QUESTION,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "s" },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Rome" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "8 °C" }] }] },
    ],
  },
  { ...MESSAGES, max_tokens: 2_000, thinking: { type: "enabled", budget_tokens: 1_024 } },
  { ...MESSAGES, max_tokens: 30, output_config: { format: { type: "json_schema", schema: SCHEMA } } },
  {
    ...MESSAGES,
    messages: [{ role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } }] }],
  },
];
const responses = [
  { ...RESPONSE, instructions: "Be brief.", metadata: { a: "b" }, user: "somebody" },
  { ...RESPONSE, stream: true, store: false, top_logprobs: 2, include: ["message.output_text.logprobs"] },
  { ...RESPONSE, tools: [RESPONSE_TOOL], tool_choice: "required" },
  { ...RESPONSE, max_output_tokens: 40, text: { format: { type: "json_schema", name: "trip", schema: SCHEMA, strict: true } } },
  {
    ...RESPONSE,
    tools: [RESPONSE_TOOL],
    input: [
      { role: "user", content: [{ type: "input_text", text: "one" }] },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "8 °C" },
    ],
  },
  { ...RESPONSE, background: true, reasoning: { effort: "low" }, truncation: "auto" },
];
const tokenize = [
  { model: "alias", prompt: "one two", add_special_tokens: false },
  { model: "alias", messages: QUESTION, tools: [CHAT_TOOL] },
];
const counted = [{ model: "alias", messages: QUESTION, tools: [MESSAGES_TOOL], system: "Be brief." }];

/** Bodies that are right, with every feature, by endpoint. */
export const FEATURE_BODIES: readonly { readonly method: "POST" | "PUT"; readonly path: string; readonly bodies: readonly object[] }[] = [
  ...["/v1", "/together/v1", "/inference/v1"].map((base) => ({ method: "POST" as const, path: `${base}/chat/completions`, bodies: chat })),
  ...["/v1", "/together/v1", "/inference/v1"].map((base) => ({
    method: "POST" as const,
    path: `${base}/completions`,
    bodies: completions,
  })),
  { method: "POST", path: "/v1/messages", bodies: messages },
  { method: "POST", path: "/v1/messages/count_tokens", bodies: counted },
  { method: "POST", path: "/v1/tokenize", bodies: tokenize },
  { method: "POST", path: "/v1/detokenize", bodies: [{ model: "alias", tokens: [1, 2, 3] }] },
  { method: "POST", path: "/v1/responses", bodies: responses },
  { method: "POST", path: "/v1/responses/input_tokens", bodies: [{ model: "alias", input: "one two" }] },
  { method: "POST", path: "/v1/conversations", bodies: [{ metadata: { a: "b" }, items: [{ role: "user", content: "one" }] }] },
  { method: "POST", path: "/admin/v1/keys", bodies: [{ name: "somebody", role: "inference", dialect: "openai" }] },
  { method: "PUT", path: "/admin/v1/aliases/some/name", bodies: [{ model: "m" }] },
];
