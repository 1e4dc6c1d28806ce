import assert from "node:assert/strict";
import Together from "together-ai";

const model = process.env.TOGETHER_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const together = new Together();

const stream = await together.chat.completions.create({
  model,
  messages: [{ role: "user", content: "Count from one to ten." }],
  max_tokens: 20,
  stream: true,
});

let pieces = 0;
for await (const chunk of stream) {
  const text = chunk.choices[0]?.delta?.content ?? "";
  if (text !== "") pieces += 1;
  process.stdout.write(text);
}
process.stdout.write("\n");
assert.ok(pieces > 1);
