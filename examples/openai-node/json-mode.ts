import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const completion = await client.chat.completions.create({
  model,
  messages: [
    { role: "system", content: "You are a helpful assistant designed to output JSON." },
    { role: "user", content: 'Who won the world series in 2020? Answer as {"winner": ...}' },
  ],
  response_format: { type: "json_object" },
  max_tokens: 200,
  temperature: 0,
});

const choice = completion.choices[0];
console.log(choice?.message.content);
// What is cut off at max_tokens is no JSON.
assert.equal(choice?.finish_reason, "stop");
assert.equal(typeof JSON.parse(choice.message.content ?? ""), "object");
