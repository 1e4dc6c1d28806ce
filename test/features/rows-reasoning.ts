import { expect } from "vitest";
import type { Body } from "./api-calls.ts";
import { absent, also, chatDialects, type FeatureRow, NONE, type Probe, refused } from "./feature-row.ts";

/** The model does not think: what would change its thoughts has no effect, and the header says so in OpenAI's word. */
const withoutEffect =
  (fields: Body): Probe =>
  async (api) => {
    expect(await api.ignored(fields)).toEqual(["reasoning_effort"]);
  };

const takes =
  (fields: Body): Probe =>
  async (api) => {
    expect((await api.say(fields)).text).not.toBe("");
  };

const USER = { role: "user", content: "What is a lantern?" };
const thoughtsAs = (name: string) => takes({ messages: [USER, { role: "assistant", content: "A fire.", [name]: "Hm." }, USER] });

/** One white pixel. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
const PICTURE_URL = `data:image/png;base64,${PICTURE}`;

const blind =
  (fields: Body): Probe =>
  async (api) => {
    const { status, param, message } = await api.failure(fields);
    expect({ status, param }).toEqual({ status: 400, param: expect.stringMatching(/^(messages|input)\[0\]\.content/) });
    expect(message).toMatch(/image/);
  };
const shown = (content: readonly object[]) => ({ role: "user", content });

export const REASONING_ROWS: readonly FeatureRow[] = [
  {
    feature: "`reasoning_effort` (the model does not think: listed as ignored)",
    cells: {
      ...chatDialects(withoutEffect({ reasoning_effort: "low" })),
      completions: refused({ reasoning_effort: "low" }, "reasoning_effort"),
      responses: withoutEffect({ reasoning: { effort: "low" } }),
      messages: withoutEffect({ output_config: { effort: "low" } }),
    },
  },
  {
    feature: "thinking with a budget (listed as ignored, too)",
    cells: {
      ...chatDialects(also(withoutEffect({ thinking: { type: "enabled", budget_tokens: 1024 } }))),
      fireworks: withoutEffect({ thinking: { type: "enabled", budget_tokens: 1024 } }),
      completions: NONE,
      responses: absent("thinking", {}),
      messages: withoutEffect({ thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 1025, stop_sequences: [" "] }),
    },
  },
  {
    feature: "thoughts in the history",
    cells: {
      ...{ openai: also(thoughtsAs("reasoning_content")), together: thoughtsAs("reasoning"), fireworks: thoughtsAs("reasoning_content") },
      completions: NONE,
      responses: takes({
        input: [
          USER,
          { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "Hm." }] },
          { role: "assistant", content: "A fire." },
          USER,
        ],
      }),
      messages: takes({
        messages: [
          USER,
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "Hm.", signature: "" },
              { type: "text", text: "A fire." },
            ],
          },
          USER,
        ],
      }),
    },
  },
  {
    feature: "an image to a model that sees none: 400",
    cells: {
      ...chatDialects(blind({ messages: [shown([{ type: "image_url", image_url: { url: PICTURE_URL } }])] })),
      completions: refused({ images: [PICTURE_URL] }, "images"),
      responses: blind({ input: [shown([{ type: "input_image", image_url: PICTURE_URL }])] }),
      messages: blind({ messages: [shown([{ type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } }])] }),
    },
  },
];
