import assert from "node:assert/strict";
import { openai } from "@ai-sdk/openai";
import { generateText, stepCountIs, tool } from "ai";
import { z } from "zod";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";

const { text, steps } = await generateText({
  model: openai(model),
  tools: {
    weather: tool({
      description: "Get the weather in a location",
      // A very small model may not find the end of a text by itself.
      inputSchema: z.object({ location: z.string().max(30).describe("The location to get the weather for") }),
      execute: ({ location }) => {
        console.log(`weather(${location})`);
        return { location, temperature: 72 };
      },
    }),
  },
  // A very small model would rather talk than call, or call without end: in the first step it has to call once, then it must not.
  prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? { type: "tool", toolName: "weather" } : "none" }),
  providerOptions: { openai: { parallelToolCalls: false } },
  stopWhen: stepCountIs(2),
  prompt: "What is the weather in San Francisco?",
  maxOutputTokens: 100,
});

console.log(text);
assert.equal(steps.length, 2);
assert.ok(steps[0]?.toolResults.length);
assert.ok(text);
