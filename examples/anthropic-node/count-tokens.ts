import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new Anthropic();

const count = await client.messages.countTokens({
  model,
  system: "You are a scientist.",
  messages: [{ role: "user", content: "Hello!" }],
});

console.log(count);
assert.ok(count.input_tokens > 0);
