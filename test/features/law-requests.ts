import { type Body, DIALECTS, type DialectName } from "./api-calls.ts";

/** A feature, and what a request has that uses it. Answers are short: the engine computes each of them twice for every API. */
export interface FeatureRequest {
  readonly feature: string;
  readonly fields: Body;
}

/**
 * Asked nowhere else. The engine computes a batch of more than 63 tokens less exactly than single ones, which is enough for another word: this
 * question never is part of such a batch, so that what it holds of it is the same in all its slots.
 */
const USER = { role: "user", content: "What is a lighthouse?" };
const SHORT = { role: "user", content: "Hi" };
export const CHAT_QUESTION = { messages: [USER] };

/** No answer of these is cut off: half of an argument is none. */
const SWITCH = {
  type: "object",
  properties: { on: { type: "boolean" } },
  required: ["on"],
  additionalProperties: false,
};
const LAMP = { name: "lamp", description: "Switches the lamp.", parameters: SWITCH };
const DOOR = { name: "door", description: "Opens the door.", parameters: { type: "object", properties: {}, additionalProperties: false } };
const TOOLS = [LAMP, DOOR].map((definition) => ({ type: "function", function: definition }));
const CALLED = { tools: TOOLS, parallel_tool_calls: false, max_tokens: 60 };
const LONG_TALK = ["one", "two", "three", "four"].flatMap((word) => [
  { role: "user", content: `Say ${word}.` },
  { role: "assistant", content: `${word}! `.repeat(5) },
]);

/** Their schemas are finite. */
const FORMATS: readonly FeatureRequest[] = [
  ["json_object", { type: "json_object", schema: SWITCH }],
  ["json_schema, strict", { type: "json_schema", json_schema: { name: "switch", schema: SWITCH, strict: true } }],
  ["json_schema, not strict", { type: "json_schema", json_schema: { name: "switch", schema: { ...SWITCH, not: { type: "null" } } } }],
  ["json_schema, bare", { type: "json_schema", json_schema: SWITCH }],
  ["json_schema, flat", { type: "json_schema", schema: SWITCH }],
  ["a regular expression", { type: "regex", pattern: "[a-c]{2}-[0-9]" }],
  ["a grammar", { type: "grammar", grammar: 'root ::= "yes" | "no" | "perhaps"' }],
].map(([feature, response_format]) => ({ feature: String(feature), fields: { response_format, max_tokens: 30 } }));

/** They come out in much the same shape in all dialects. */
const TEXTS: readonly FeatureRequest[] = [
  {
    feature: "all that samples",
    fields: {
      ...{ top_p: 0.9, top_k: 40, min_p: 0.02, typical_p: 0.98, repetition_penalty: 1.1, presence_penalty: 0.2, frequency_penalty: 0.2 },
      ...{ logit_bias: { "504": -5 }, ignore_eos: true, max_tokens: 5 },
    },
  },
  { feature: "Mirostat", fields: { mirostat_target: 4, mirostat_lr: 0.2, max_tokens: 3 } },
  ...FORMATS,
];

/** Of both endpoints that the three dialects share. */
const SHARED: readonly FeatureRequest[] = [
  { feature: "plain text", fields: { max_tokens: 5 } },
  { feature: "stop sequences", fields: { stop: ["house", " a", "e"], max_tokens: 12 } },
  { feature: "log-probabilities by number", fields: { logprobs: 2, max_tokens: 3 } },
  { feature: "token ids and the raw output", fields: { return_token_ids: true, raw_output: true, max_tokens: 3 } },
  { feature: "metrics", fields: { perf_metrics_in_response: true, max_tokens: 2 } },
];

/** Those that come out in another shape in each dialect. */
const CHAT_SHAPES: readonly FeatureRequest[] = [
  ...SHARED,
  { feature: "several choices", fields: { messages: [SHORT], n: 2, max_tokens: 3 } },
  { feature: "log-probabilities", fields: { logprobs: true, max_tokens: 3 } },
  { feature: "log-probabilities with alternatives", fields: { logprobs: true, top_logprobs: 2, max_tokens: 3 } },
  { feature: "the prompt's echo", fields: { echo: true, max_tokens: 2 } },
  { feature: "a required tool", fields: { ...CALLED, tool_choice: "required" } },
];
const CHAT_TEXTS: readonly FeatureRequest[] = [
  ...TEXTS,
  {
    feature: "several calls, the last one cut off",
    fields: { ...CALLED, tool_choice: "required", parallel_tool_calls: true, max_tokens: 36 },
  },
  { feature: "any JSON object", fields: { response_format: { type: "json_object" }, max_tokens: 8 } },
  { feature: "reasoning effort", fields: { reasoning_effort: "low", max_tokens: 4 } },
  {
    feature: "thoughts in the history",
    fields: { messages: [SHORT, { role: "assistant", content: "Yes?", reasoning: "Hm." }, USER], max_tokens: 3 },
  },
  { feature: "a truncated prompt", fields: { messages: [...LONG_TALK, USER], prompt_truncate_len: 60, max_tokens: 3 } },
  { feature: "tools, none of them callable", fields: { ...CALLED, tool_choice: "none", max_tokens: 4 } },
  { feature: "tools at will", fields: { ...CALLED, tool_choice: "auto", max_tokens: 8 } },
  { feature: "a named tool", fields: { ...CALLED, tool_choice: { type: "function", function: { name: "door" } } } },
  { feature: "functions", fields: { functions: [DOOR], function_call: { name: "door" }, max_tokens: 60 } },
  {
    feature: "results of tools",
    fields: {
      messages: [
        SHORT,
        { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "door", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "call_1", content: "It is open." },
      ],
      tools: TOOLS,
      max_tokens: 4,
    },
  },
];

export const COMPLETION_QUESTION = { prompt: "A lighthouse is" };

const COMPLETION_SHAPES: readonly FeatureRequest[] = [
  ...SHARED,
  { feature: "several choices", fields: { n: 2, max_tokens: 3 } },
  { feature: "several prompts", fields: { prompt: ["A fire", "A door"], n: 2, max_tokens: 2 } },
  {
    feature: "prompts of token ids",
    fields: {
      prompt: [
        [504, 14047],
        [504, 4047],
      ],
      max_tokens: 2,
    },
  },
  { feature: "the prompt's echo", fields: { echo: true, max_tokens: 2 } },
  { feature: "the prompt's echo with log-probabilities", fields: { echo: true, logprobs: 1, max_tokens: 2 } },
  { feature: "the prompt's echo alone", fields: { echo: true, logprobs: 1, max_tokens: 0 } },
];

/** Each feature meets both temperatures, and so does each dialect. */
const TEMPERATURES = [0, 0.8] as const;

/** A feature in one of the dialects. */
export interface DialectRequest extends FeatureRequest {
  readonly dialect: DialectName;
  readonly temperature: number;
}

/**
 * What comes out in the same shape everywhere is tried in one dialect, in turns: the engine is slow. One feature's dialects follow each other, so
 * that what the engine holds of a long prompt serves all of them.
 */
function inDialects(shapes: readonly FeatureRequest[], texts: readonly FeatureRequest[]): readonly DialectRequest[] {
  const inAll = shapes.flatMap((request) => DIALECTS.map((dialect) => ({ ...request, dialect })));
  const inOne = texts.map((request, index) => ({ ...request, dialect: DIALECTS[index % DIALECTS.length] ?? "openai" }));
  return [...inAll, ...inOne].map((request, index) => ({ ...request, temperature: TEMPERATURES[index % 2] ?? 0 }));
}

export const CHAT_REQUESTS = inDialects(CHAT_SHAPES, CHAT_TEXTS);
export const COMPLETION_REQUESTS = inDialects(COMPLETION_SHAPES, TEXTS);

const LAMP_TOOL = { name: "lamp", description: "Switches the lamp.", input_schema: SWITCH };
const DOOR_TOOL = { name: "door", description: "Opens the door.", input_schema: DOOR.parameters };

/** Anthropic's API has no seed: these are the same at temperature 0. */
export const MESSAGE_REQUESTS: readonly FeatureRequest[] = [
  { feature: "plain text", fields: { max_tokens: 6 } },
  { feature: "a system prompt", fields: { system: "You are a poet.", max_tokens: 4 } },
  { feature: "stop sequences", fields: { stop_sequences: ["house"], max_tokens: 12 } },
  {
    feature: "any tool",
    fields: { tools: [LAMP_TOOL, DOOR_TOOL], tool_choice: { type: "any", disable_parallel_tool_use: true }, max_tokens: 60 },
  },
  {
    feature: "a named tool",
    fields: { tools: [LAMP_TOOL, DOOR_TOOL], tool_choice: { type: "tool", name: "door", disable_parallel_tool_use: true }, max_tokens: 60 },
  },
  { feature: "tools at will", fields: { tools: [LAMP_TOOL], max_tokens: 10 } },
  {
    feature: "results of tools",
    fields: {
      messages: [
        SHORT,
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "lamp", input: { on: true } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "It is on." }] },
      ],
      ...{ tools: [LAMP_TOOL], tool_choice: { type: "none" }, max_tokens: 4 },
    },
  },
  { feature: "a schema", fields: { output_config: { format: { type: "json_schema", schema: SWITCH } }, max_tokens: 30 } },
  { feature: "thinking", fields: { thinking: { type: "adaptive" }, max_tokens: 4 } },
];

const LAMP_FUNCTION = { type: "function", ...LAMP, strict: true };
const DOOR_FUNCTION = { type: "function", ...DOOR, strict: true };

/** Nor has the Responses API. */
export const RESPONSE_REQUESTS: readonly FeatureRequest[] = [
  { feature: "plain text", fields: { max_output_tokens: 6 } },
  { feature: "instructions", fields: { instructions: "You are a poet.", max_output_tokens: 4 } },
  { feature: "log-probabilities", fields: { include: ["message.output_text.logprobs"], top_logprobs: 2, max_output_tokens: 3 } },
  {
    feature: "a required function",
    fields: { tools: [LAMP_FUNCTION], tool_choice: "required", parallel_tool_calls: false, max_output_tokens: 60 },
  },
  {
    feature: "a named function",
    fields: { tools: [DOOR_FUNCTION], tool_choice: { type: "function", name: "door" }, parallel_tool_calls: false, max_output_tokens: 60 },
  },
  { feature: "functions at will", fields: { tools: [LAMP_FUNCTION], max_output_tokens: 10 } },
  { feature: "several calls, the last one cut off", fields: { tools: [LAMP_FUNCTION], tool_choice: "required", max_output_tokens: 36 } },
  {
    feature: "results of functions",
    fields: {
      input: [
        SHORT,
        { type: "function_call", call_id: "call_1", name: "lamp", arguments: '{"on": true}' },
        { type: "function_call_output", call_id: "call_1", output: "It is on." },
      ],
      ...{ tools: [LAMP_FUNCTION], tool_choice: "none", max_output_tokens: 4 },
    },
  },
  {
    feature: "a schema",
    fields: { text: { format: { type: "json_schema", name: "switch", schema: SWITCH, strict: true } }, max_output_tokens: 30 },
  },
  { feature: "any JSON object", fields: { text: { format: { type: "json_object" } }, max_output_tokens: 8 } },
  { feature: "reasoning effort", fields: { reasoning: { effort: "low" }, max_output_tokens: 4 } },
];
