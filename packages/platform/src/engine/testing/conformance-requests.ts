import type { ChatMessage, GenerateRequest, OutputFormat, Prompt, ToolUse } from "../generation.ts";

export const CHAT: GenerateRequest = {
  prompt: { kind: "chat", messages: [{ role: "user", content: "Write a long story about a river and a bridge." }] },
  choices: 1,
  stop: [],
};

export const SENTENCE = { kind: "text", text: "The river runs under the old bridge and" } as const;

const QUESTION: ChatMessage = { role: "user", content: "What is the weather in Prague and in Brno?" };
export const WEATHER: Prompt = { kind: "chat", messages: [QUESTION] };

/** Small models end such a call soon. */
const PLACE = {
  type: "object",
  properties: { city: { type: "string", minLength: 1, maxLength: 20 }, unit: { enum: ["celsius", "fahrenheit"] } },
  required: ["city", "unit"],
  additionalProperties: false,
};
export const TOOLS: ToolUse = {
  definitions: ["get_weather", "get_forecast"].map((name, index) => ({
    name,
    description: "Tells the weather in a city.",
    parameters: PLACE,
    strict: true,
    param: `tools[${index}].function.parameters`,
  })),
  choice: "required",
  parallel: false,
};

export const AFTER_CALL: Prompt = {
  kind: "chat",
  messages: [
    QUESTION,
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "call_abc123", name: "get_weather", arguments: '{"city":"Prague","unit":"celsius"}' }],
    },
    { role: "tool", toolCallId: "call_abc123", content: "Sunny, 21 degrees." },
  ],
};

export const ABOUT_SIZE: Prompt = { kind: "chat", messages: [{ role: "user", content: "Is a mouse small or large? Answer as JSON." }] };
export const SIZE_FORMAT: OutputFormat = {
  kind: "json-schema",
  schema: {
    type: "object",
    properties: { known: { type: "boolean" }, size: { enum: ["small", "large"] } },
    required: ["known", "size"],
    additionalProperties: false,
  },
  strict: true,
  name: "size",
  param: "response_format",
};
