import assert from "node:assert/strict";
import { createFireworks } from "@ai-sdk/fireworks";
import { streamText } from "ai";

const model = process.env.FIREWORKS_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const fireworks = createFireworks({
  // The provider reads only the key from the environment.
  ...(process.env.FIREWORKS_BASE_URL && { baseURL: process.env.FIREWORKS_BASE_URL }),
});

const { textStream, usage } = streamText({
  model: fireworks(model),
  prompt: "Say this is a test.",
  maxOutputTokens: 20,
});

for await (const piece of textStream) process.stdout.write(piece);
process.stdout.write("\n");
assert.ok((await usage).outputTokens);
