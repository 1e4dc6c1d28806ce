import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const stream = await client.responses.create({
  model,
  input: "Say 'double bubble bath' ten times fast.",
  max_output_tokens: 20,
  stream: true,
});

let text = "";
let last = "";
for await (const event of stream) {
  last = event.type;
  if (event.type === "response.output_text.delta") text += event.delta;
}

console.log(text);
assert.ok(text);
assert.ok(["response.completed", "response.incomplete"].includes(last));
