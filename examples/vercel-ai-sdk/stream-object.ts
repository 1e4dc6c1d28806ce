import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import { streamObject } from "ai";
import { z } from "zod";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { partialObjectStream, object } = streamObject({
  model: openai.chat(model),
  // Lengths are bounded for very small models, which may not find the end of a text by themselves.
  schema: z.object({ weather: z.enum(["sun", "rain", "snow"]), advice: z.string().max(40) }),
  prompt: "What is the weather like in summer, and what should I wear?",
});

for await (const partial of partialObjectStream) console.log(partial);
assert.ok((await object).weather);
