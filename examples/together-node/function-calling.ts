import assert from "node:assert/strict";
import Together from "together-ai";

const model = process.env.TOGETHER_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const together = new Together();

const tools = [
  {
    type: "function",
    function: {
      name: "getCurrentWeather",
      description: "Get the current weather in a given location",
      parameters: {
        type: "object",
        properties: {
          // A very small model may not find the end of a text by itself.
          location: { type: "string", description: "The city, such as San Francisco", maxLength: 30 },
          unit: { type: "string", enum: ["celsius", "fahrenheit"] },
        },
        required: ["location", "unit"],
      },
    },
  },
];
const messages: Together.Chat.CompletionCreateParams["messages"] = [{ role: "user", content: "What is the weather in New York?" }];

// A very small model would rather talk than call, or call without end: a function that is named is called once. (The SDK's types
// want all fields of a call.)
const tool_choice = { index: 0, id: "", type: "function" as const, function: { name: "getCurrentWeather", arguments: "" } };
const first = await together.chat.completions.create({ model, messages, tools, tool_choice });
assert.equal(first.choices[0]?.finish_reason, "tool_calls");
const message = first.choices[0].message;
const calls = message?.tool_calls ?? [];
assert.ok(message && calls.length > 0);
messages.push({ role: "assistant", content: message.content ?? "", tool_calls: calls });
for (const call of calls) {
  assert.equal(call.function.name, "getCurrentWeather");
  const { location, unit } = JSON.parse(call.function.arguments);
  console.log(`getCurrentWeather(${location}, ${unit})`);
  assert.equal(typeof location, "string");
  messages.push({ role: "tool", tool_call_id: call.id, content: JSON.stringify({ location, temperature: "11", unit }) });
}

const second = await together.chat.completions.create({ model, messages, tools, tool_choice: "none", max_tokens: 20 });
console.log(second.choices[0]?.message?.content);
assert.ok(second.choices[0]?.message?.content);
