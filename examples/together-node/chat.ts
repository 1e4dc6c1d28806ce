import assert from "node:assert/strict";
import Together from "together-ai";

const model = process.env.TOGETHER_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const together = new Together();

const response = await together.chat.completions.create({
  model,
  messages: [{ role: "user", content: "What are some fun things to do in New York?" }],
  max_tokens: 20,
});

console.log(response.choices[0]?.message?.content);
assert.ok(response.choices[0]?.message?.content);
