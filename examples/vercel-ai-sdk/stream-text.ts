import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import { streamText } from "ai";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { textStream, finishReason } = streamText({
  model: openai.chat(model),
  prompt: "Count from one to ten.",
  maxOutputTokens: 20,
});

let pieces = 0;
for await (const piece of textStream) {
  pieces += 1;
  process.stdout.write(piece);
}
process.stdout.write("\n");
assert.ok(pieces > 1);
assert.ok(["stop", "length"].includes(await finishReason));
