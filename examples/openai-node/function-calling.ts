import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "Get the current temperature of a city in degrees Celsius.",
      parameters: {
        type: "object",
        properties: {
          // A very small model may not find the end of a text by itself.
          city: { type: "string", description: "City, such as Paris", maxLength: 30 },
          unit: { type: "string", enum: ["celsius", "fahrenheit"] },
        },
        required: ["city", "unit"],
        additionalProperties: false,
      },
      strict: true,
    },
  },
];
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "What is the weather like in Paris today?" }];

// A very small model would rather talk than call, or call without end: it has to call once.
const first = await client.chat.completions.create({ model, messages, tools, tool_choice: "required", parallel_tool_calls: false });
assert.equal(first.choices[0]?.finish_reason, "tool_calls");
const [call] = first.choices[0].message.tool_calls ?? [];
assert.ok(call?.type === "function");
assert.equal(call.function.name, "get_weather");
const { city, unit } = JSON.parse(call.function.arguments);
console.log(`get_weather(${city}, ${unit})`);
assert.equal(typeof city, "string");
assert.ok(["celsius", "fahrenheit"].includes(unit));

messages.push(first.choices[0].message);
messages.push({ role: "tool", tool_call_id: call.id, content: JSON.stringify({ temperature: 14, unit }) });

const second = await client.chat.completions.create({ model, messages, tools, tool_choice: "none", max_tokens: 20 });
console.log(second.choices[0]?.message.content);
assert.ok(second.choices[0]?.message.content);
