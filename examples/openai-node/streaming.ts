import assert from "node:assert/strict";
import OpenAI from "openai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

const stream = await client.chat.completions.create({
  model,
  messages: [{ role: "user", content: "Count from one to ten." }],
  max_tokens: 20,
  stream: true,
});

let pieces = 0;
for await (const chunk of stream) {
  const text = chunk.choices[0]?.delta.content ?? "";
  if (text !== "") pieces += 1;
  process.stdout.write(text);
}
process.stdout.write("\n");
assert.ok(pieces > 1);
