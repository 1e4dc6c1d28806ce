import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import { generateObject } from "ai";
import { z } from "zod";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { object } = await generateObject({
  model: openai(model),
  // Lengths are bounded for very small models, which may not find the end of a text or of a list by themselves.
  schema: z.object({
    name: z.string().max(30),
    ingredients: z.array(z.string().max(20)).max(4),
    steps: z.array(z.string().max(40)).max(3),
  }),
  prompt: "Generate a lasagna recipe.",
});

console.log(object);
assert.ok(object.ingredients.length <= 4);
