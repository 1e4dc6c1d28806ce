import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const tools: OpenAI.Responses.Tool[] = [
  {
    type: "function",
    name: "get_horoscope",
    description: "Get today's horoscope for an astrological sign.",
    parameters: {
      type: "object",
      properties: { sign: { type: "string", enum: ["Aquarius", "Aries", "Leo", "Taurus"] } },
      required: ["sign"],
      additionalProperties: false,
    },
    strict: true,
  },
];
const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "What is my horoscope? I am an Aquarius." }];

// A very small model would rather talk than call, or call without end: it has to call once.
const first = await client.responses.create({ model, input, tools, tool_choice: "required", parallel_tool_calls: false });
const call = first.output.find((item) => item.type === "function_call");
assert.ok(call);
const { sign } = JSON.parse(call.arguments);
console.log(`get_horoscope(${sign})`);
assert.equal(typeof sign, "string");

input.push(call);
input.push({ type: "function_call_output", call_id: call.call_id, output: `${sign}: next Tuesday you will befriend a baby otter.` });

const second = await client.responses.create({ model, input, tools, tool_choice: "none", max_output_tokens: 20 });
console.log(second.output_text);
assert.ok(second.output_text);
