import assert from "node:assert/strict";
import fs from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

// A model that sees: the default model of Bonfire does not.
const model = process.env.ANTHROPIC_VISION_MODEL ?? "";
const client = new Anthropic();

const data = fs.readFileSync(new URL("../images/flame.png", import.meta.url), "base64");
const message = await client.messages.create({
  model,
  max_tokens: 20,
  messages: [
    {
      role: "user",
      content: [
        { type: "image", source: { type: "base64", media_type: "image/png", data } },
        { type: "text", text: "Describe this image." },
      ],
    },
  ],
});

console.log(message.content);
assert.ok(message.content[0]?.type === "text" && message.content[0].text !== "");
