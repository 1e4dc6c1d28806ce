import assert from "node:assert/strict";
import Together from "together-ai";
import { z } from "zod";

const model = process.env.TOGETHER_MODEL ?? "HuggingFaceTB/SmolLM2-135M-Instruct";
const together = new Together();

// Lengths are bounded for very small models, which may not find the end of a text or of a list by themselves.
const VoiceNote = z.object({
  title: z.string().max(40).describe("A title for the voice note"),
  summary: z.string().max(80).describe("A short one sentence summary of the voice note."),
  actionItems: z.array(z.string().max(30)).max(3).describe("A list of action items from the voice note"),
});

const response = await together.chat.completions.create({
  model,
  messages: [
    { role: "system", content: "The following is a voice message transcript. Only answer in JSON." },
    { role: "user", content: "Good morning! I wake up at seven, then I water the plants and cook breakfast." },
  ],
  response_format: { type: "json_schema", json_schema: { name: "voice_note", schema: z.toJSONSchema(VoiceNote) } },
});

const note = VoiceNote.parse(JSON.parse(response.choices[0]?.message?.content ?? ""));
console.log(note);
assert.ok(note.actionItems.length <= 3);
