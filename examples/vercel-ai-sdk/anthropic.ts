import assert from "node:assert/strict";
import { anthropic } from "@ai-sdk/anthropic";
import { streamText } from "ai";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { textStream, usage } = streamText({
  model: anthropic(model),
  prompt: "Hello! Why does fire glow?",
  maxOutputTokens: 20,
});

for await (const piece of textStream) process.stdout.write(piece);
process.stdout.write("\n");
assert.ok((await usage).outputTokens);
