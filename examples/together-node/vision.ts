import assert from "node:assert/strict";
import fs from "node:fs";
import Together from "together-ai";

// A model that sees: the default model of Bonfire does not.
const model = process.env.TOGETHER_VISION_MODEL ?? "";
const together = new Together();

const image = fs.readFileSync(new URL("../images/flame.png", import.meta.url), "base64");
const response = await together.chat.completions.create({
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

console.log(response.choices[0]?.message?.content);
assert.ok(response.choices[0]?.message?.content);
