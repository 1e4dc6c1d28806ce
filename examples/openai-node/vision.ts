import assert from "node:assert/strict";
import fs from "node:fs";
import OpenAI from "openai";

// A model that sees: the default model of Bonfire does not.
const model = process.env.OPENAI_VISION_MODEL ?? "";
const client = new OpenAI();

const image = fs.readFileSync(new URL("../images/flame.png", import.meta.url), "base64");
const completion = await client.chat.completions.create({
  model,
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "What is in this image?" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
      ],
    },
  ],
  max_tokens: 20,
});

console.log(completion.choices[0]?.message.content);
assert.ok(completion.choices[0]?.message.content);
