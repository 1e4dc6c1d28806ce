import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const model = process.env.ANTHROPIC_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const client = new Anthropic();

const stream = client.messages
  .stream({ model, max_tokens: 20, messages: [{ role: "user", content: "Count from one to ten." }] })
  .on("text", (text) => process.stdout.write(text));

const message = await stream.finalMessage();
process.stdout.write("\n");
assert.ok(message.content[0]?.type === "text" && message.content[0].text !== "");
