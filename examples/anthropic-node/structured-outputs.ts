import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new Anthropic();

// No free text: a very small model may not find its end, and this SDK leaves out lengths.
const Ticket = z.object({
  category: z.enum(["billing", "shipping", "other"]),
  urgent: z.boolean(),
});

const message = await client.messages.parse({
  model,
  max_tokens: 200,
  messages: [{ role: "user", content: "My parcel is three weeks late, and I need it tomorrow!" }],
  output_config: { format: zodOutputFormat(Ticket) },
});

console.log(message.parsed_output);
assert.ok(message.parsed_output);
