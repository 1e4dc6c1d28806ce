import assert from "node:assert/strict";
import fs from "node:fs";
import { openai } from "@ai-sdk/openai";
import { generateText } from "ai";

// A model that sees: the default model of Bonfire does not.
const model = process.env.OPENAI_VISION_MODEL ?? "";

const { text } = await generateText({
  model: openai.chat(model),
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Describe the image." },
        { type: "image", image: fs.readFileSync(new URL("../images/flame.png", import.meta.url)) },
      ],
    },
  ],
  maxOutputTokens: 20,
  maxRetries: 0,
});

console.log(text);
assert.ok(text);
