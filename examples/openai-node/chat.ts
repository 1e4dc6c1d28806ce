import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const completion = await client.chat.completions.create({
  model,
  messages: [
    { role: "developer", content: "You are a helpful assistant." },
    { role: "user", content: "Why do we sit around a fire?" },
  ],
  max_tokens: 20,
});

console.log(completion.choices[0]?.message.content);
assert.ok(completion.choices[0]?.message.content);
