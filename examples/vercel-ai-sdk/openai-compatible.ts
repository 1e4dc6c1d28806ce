import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output } from "ai";
import { z } from "zod";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const bonfire = createOpenAICompatible({
  name: "bonfire",
  baseURL: process.env.OPENAI_BASE_URL ?? "http://127.0.0.1:8080/v1",
  apiKey: process.env.OPENAI_API_KEY ?? "",
  // Without it the provider sends no schema.
  supportsStructuredOutputs: true,
});

const { output } = await generateText({
  model: bonfire(model),
  output: Output.object({ schema: z.object({ mood: z.enum(["good", "bad"]) }) }),
  prompt: "What a wonderful evening by the fire!",
});

console.log(output);
assert.ok(["good", "bad"].includes(output.mood));
