import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new Anthropic();

const tools: Anthropic.Tool[] = [
  {
    name: "get_weather",
    description: "Get the current weather in a given location",
    input_schema: {
      type: "object",
      properties: {
        // A very small model may not find the end of a text by itself.
        location: { type: "string", description: "The city, such as San Francisco", maxLength: 30 },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
      required: ["location", "unit"],
    },
  },
];
const messages: Anthropic.MessageParam[] = [{ role: "user", content: "What is the weather like in San Francisco?" }];

// A very small model would rather talk than call, or call without end: it has to call once.
const tool_choice = { type: "any" as const, disable_parallel_tool_use: true };
const first = await client.messages.create({ model, max_tokens: 200, tools, tool_choice, messages });
assert.equal(first.stop_reason, "tool_use");
const uses = first.content.filter((block) => block.type === "tool_use");
assert.ok(uses.length > 0);
for (const { name, input } of uses) console.log(`${name}(${JSON.stringify(input)})`);
assert.equal(uses[0]?.name, "get_weather");

messages.push({ role: "assistant", content: first.content });
messages.push({
  role: "user",
  content: uses.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "15 degrees" })),
});

const second = await client.messages.create({ model, max_tokens: 20, tools, tool_choice: { type: "none" }, messages });
console.log(second.content);
assert.ok(second.content[0]?.type === "text" && second.content[0].text !== "");
