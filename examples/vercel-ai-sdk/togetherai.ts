import assert from "node:assert/strict";
import { createTogetherAI } from "@ai-sdk/togetherai";
import { streamText } from "ai";

const model = process.env.TOGETHER_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const togetherai = createTogetherAI({
  // The provider reads only the key from the environment.
  ...(process.env.TOGETHER_BASE_URL && { baseURL: process.env.TOGETHER_BASE_URL }),
});

const { textStream, usage } = streamText({
  model: togetherai(model),
  prompt: "What are some fun things to do in New York?",
  maxOutputTokens: 20,
});

for await (const piece of textStream) process.stdout.write(piece);
process.stdout.write("\n");
assert.ok((await usage).outputTokens);
