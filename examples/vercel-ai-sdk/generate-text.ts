import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import { generateText } from "ai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { text } = await generateText({
  model: openai(model),
  prompt: "Why do we sit around a fire?",
  maxOutputTokens: 20,
});

console.log(text);
assert.ok(text);
