import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new Anthropic();

const message = await client.messages.create({
  model,
  max_tokens: 20,
  system: "You are a poet.",
  messages: [{ role: "user", content: "Hello! Why does fire glow?" }],
});

console.log(message.content);
assert.ok(message.content[0]?.type === "text" && message.content[0].text !== "");
