import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const response = await client.responses.create({
  model,
  instructions: "You are a storyteller.",
  input: "Tell me a story about a fire that would not go out.",
  max_output_tokens: 20,
});

console.log(response.output_text);
assert.ok(response.output_text);

const next = await client.responses.create({
  model,
  previous_response_id: response.id,
  input: "And then?",
  max_output_tokens: 20,
});

console.log(next.output_text);
assert.ok(next.output_text);
