import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

const model = process.env.OPENAI_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new OpenAI();

// Lengths are bounded for very small models, which may not find the end of a text or of a list by themselves.
const CalendarEvent = z.object({
  name: z.string().max(40),
  date: z.string().max(20),
  participants: z.array(z.string().max(20)).max(3),
});

const response = await client.responses.parse({
  model,
  input: [
    { role: "system", content: "Extract the event information." },
    { role: "user", content: "Alice and Bob are going to a science fair on Friday." },
  ],
  text: { format: zodTextFormat(CalendarEvent, "event") },
});

console.log(response.output_parsed);
assert.ok(response.output_parsed);
