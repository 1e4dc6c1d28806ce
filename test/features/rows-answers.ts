import { expect } from "vitest";
import { absent, allApis, also, chatDialects, completionApis, type FeatureRow, NONE, type Probe } from "./feature-row.ts";
import type { ApiName, ProbedApi } from "./probed-api.ts";
import { toldByChat } from "./told-by-chat.ts";
import { toldByCompletion } from "./told-by-completion.ts";

const LIMIT_ENDS: Readonly<Record<ApiName, string>> = {
  ...completionApisWord("length"),
  responses: "max_output_tokens",
  messages: "max_tokens",
};
const NATURAL_ENDS: Readonly<Record<ApiName, string>> = {
  ...completionApisWord("stop"),
  together: "stop",
  responses: "completed",
  messages: "end_turn",
};
const YES = { type: "object", properties: { yes: { const: true } }, required: ["yes"], additionalProperties: false };
const ENDING: Readonly<Record<ApiName, object>> = {
  ...completionApisWord({ response_format: { type: "json_schema", json_schema: { name: "yes", schema: YES } } }),
  responses: { text: { format: { type: "json_schema", name: "yes", schema: YES, strict: true } } },
  messages: { output_config: { format: { type: "json_schema", schema: YES } } },
};

function completionApisWord<Word>(word: Word) {
  return { openai: word, together: word, fireworks: word, completions: word };
}

const OBJECTS = { openai: "chat.completion", together: "chat.completion", fireworks: "chat.completion", completions: "text_completion" };
const IDS: Readonly<Record<ApiName, RegExp>> = {
  ...{ openai: /^chatcmpl-/, together: /^[0-9a-f]{32}$/, fireworks: /^[0-9a-f]{8}-[0-9a-f-]{27}$/ },
  ...{ completions: /^cmpl-/, responses: /^resp_/, messages: /^msg_/ },
};

const whole: Probe = async (api) => {
  const json = await api.json({}, 1);
  expect(json).toMatchObject({ id: expect.stringMatching(IDS[api.name]) });
  if (api.name === "messages") expect(json).toMatchObject({ type: "message", role: "assistant" });
  else expect(json).toMatchObject({ object: api.name === "responses" ? "response" : OBJECTS[api.name] });
  if (api.name === "together") expect(json).toMatchObject({ prompt: [], choices: [{ message: { tool_calls: [] } }] });
};

const limited: Probe = async (api) => {
  expect(await api.say({}, 3)).toMatchObject({ end: LIMIT_ENDS[api.name], tokens: 3, text: expect.stringMatching(/./) });
};

const ended: Probe = async (api) => {
  expect(await api.say({ ...ENDING[api.name] }, 20)).toMatchObject({ end: NATURAL_ENDS[api.name], text: '{"yes": true}' });
};

const chatStream: Probe = async (api) => {
  const frames = await api.frames({});
  const role = { role: "assistant" };
  const [first, second] = frames;
  if (api.name === "together") {
    for (const frame of frames) expect(frame).toMatchObject({ choices: [{ delta: role, text: expect.any(String) }] });
  } else {
    expect(first).toMatchObject({ choices: [{ delta: { ...role, content: api.name === "openai" ? "" : null } }] });
    expect(second).not.toHaveProperty("choices[0].delta.role");
  }
  expect(frames.at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }] });
};

const completionStream: Probe = async (api) => {
  const frames = await api.frames({});
  for (const frame of frames) expect(frame).toMatchObject({ object: "text_completion", choices: [{ text: expect.any(String) }] });
  expect(frames.at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }] });
};

const typesOf = (frames: readonly unknown[]) => frames.map((frame) => Object(frame).type);

const responseStream: Probe = async (api) => {
  const types = typesOf(await api.frames({}));
  expect(types.slice(0, 4)).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
  ]);
  expect(types).toContain("response.output_text.delta");
  expect(types.at(-1)).toBe("response.incomplete");
};

const messageStream: Probe = async (api) => {
  const types = typesOf(await api.frames({}));
  expect(types[0]).toBe("message_start");
  expect(types).toContain("content_block_delta");
  expect(types.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
};

/** In OpenAI's own API only for who asks, and in a chunk of its own. */
const usageOnRequest: Probe = async (api) => {
  for (const frame of await api.frames({})) expect(frame).not.toHaveProperty("usage");
  const frames = await api.frames({ stream_options: { include_usage: true } });
  expect(frames.pop()).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
  for (const frame of frames) expect(frame).toMatchObject({ usage: null });
};

const usageOnFinish: Probe = async (api) => {
  expect((await api.frames({})).at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }], usage: { completion_tokens: 2 } });
  const asked = await api.frames({ stream_options: { include_usage: true } });
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
};

const usageInEvent =
  (place: object): Probe =>
  async (api) => {
    expect(await api.frames({})).toContainEqual(expect.objectContaining(place));
  };

const cachedTokens =
  (place: (cached: unknown) => object): Probe =>
  async (api) => {
    // The prompt of the table's other requests: all but its last token are held.
    expect(await api.json({})).toMatchObject({ usage: place(expect.any(Number)) });
  };

const severalChoices: Probe = async (api) => {
  const short = api.name === "completions" ? {} : { messages: [{ role: "user", content: "Hi" }] };
  const json = await api.json({ ...short, n: 2 });
  const choices = api.name === "completions" ? toldByCompletion(json).choices : toldByChat(json).choices;
  expect(choices).toHaveLength(2);
  expect(json).toMatchObject({ usage: { completion_tokens: 4 } });
};

const severalPrompts: Probe = async (api) => {
  const prompts = [
    ["One, two,", "A fire"],
    [
      [504, 14047],
      [504, 4047],
    ],
  ];
  for (const prompt of prompts) expect(toldByCompletion(await api.json({ prompt })).choices).toHaveLength(2);
};

const stops =
  (field: string, end: string): Probe =>
  async (api) => {
    const said = await api.say({ [field]: [" "] }, 12);
    expect(said).toMatchObject({ text: expect.stringMatching(/^\S*$/), end });
  };

const sameSeed: Probe = async (api) => {
  const ask = () => api.say({ seed: 7, temperature: 1 }, 3);
  expect((await ask()).text).toBe((await ask()).text);
  if (api.name === "together") expect(await api.json({ seed: 7 })).toMatchObject({ choices: [{ seed: 7 }] });
};

const TOO_LONG = "word ".repeat(9_000);
const tooLong =
  (fields: object): Probe =>
  async (api: ProbedApi) => {
    const { status, code, message } = await api.failure({ ...fields });
    expect({ status, code }).toEqual({ status: 400, code: "context_length_exceeded" });
    expect(message).toContain("8192");
  };
const LONG_CHAT = { messages: [{ role: "user", content: TOO_LONG }] };

const limitTooHigh: Probe = async (api) => {
  const { status, code } = await api.failure({ max_tokens: 9_000 });
  expect({ status, code }).toEqual({ status: 400, code: "context_length_exceeded" });
};
/** As much as fits is generated: here, what a schema leaves to say. */
const limitCut: Probe = async (api) => {
  const limit = api.name === "responses" ? "max_output_tokens" : "max_tokens";
  expect((await api.say({ ...ENDING[api.name], [limit]: 9_000 })).end).toBe(NATURAL_ENDS[api.name]);
};

const TURNS = ["one", "two", "three"].flatMap((word) => [
  { role: "user", content: `Say ${word}.` },
  { role: "assistant", content: `${word}! `.repeat(6) },
]);
const truncated: Probe = async (api) => {
  const messages = [...TURNS, { role: "user", content: "And four?" }];
  const whole = await api.say({ messages });
  const cut = await api.say({ messages, prompt_truncate_len: 50 });
  expect(cut.promptTokens).toBeLessThanOrEqual(50);
  expect(whole.promptTokens).toBeGreaterThan(50);
};

export const ANSWER_ROWS: readonly FeatureRow[] = [
  { feature: "answer", cells: allApis(whole) },
  {
    feature: "stream",
    cells: { ...chatDialects(chatStream), completions: completionStream, responses: responseStream, messages: messageStream },
  },
  {
    feature: "usage in streams, where the API has it",
    cells: {
      ...{ openai: usageOnRequest, together: usageOnFinish, fireworks: usageOnFinish, completions: usageOnRequest },
      responses: usageInEvent({
        type: "response.incomplete",
        response: expect.objectContaining({ usage: expect.objectContaining({ output_tokens: 2 }) }),
      }),
      messages: usageInEvent({ type: "message_delta", usage: expect.objectContaining({ output_tokens: 2 }) }),
    },
  },
  {
    feature: "cached tokens in usage",
    cells: {
      ...completionApis(cachedTokens((cached) => ({ prompt_tokens_details: { cached_tokens: cached } }))),
      together: cachedTokens((cached) => ({ cached_tokens: cached })),
      responses: cachedTokens((cached) => ({ input_tokens_details: { cached_tokens: cached } })),
      messages: cachedTokens((cached) => ({ cache_read_input_tokens: cached })),
    },
  },
  { feature: "reason of an end at the limit", cells: allApis(limited) },
  { feature: "reason of a natural end", cells: allApis(ended) },
  {
    feature: "stop sequences",
    cells: {
      ...completionApis(stops("stop", "stop")),
      responses: absent("stop", ["a"]),
      messages: stops("stop_sequences", "stop_sequence"),
    },
  },
  { feature: "seed", cells: { ...completionApis(sameSeed), responses: absent("seed", 1), messages: absent("seed", 1) } },
  { feature: "several choices", cells: { ...completionApis(severalChoices), responses: absent("n", 2), messages: absent("n", 2) } },
  { feature: "several prompts, token ids", cells: { ...chatDialects(NONE), completions: severalPrompts, responses: NONE, messages: NONE } },
  {
    feature: "limit above the context: 400, or cut as the API has it",
    cells: {
      ...completionApis(limitTooHigh),
      fireworks: limitCut,
      responses: limitCut,
      messages: limitCut,
    },
  },
  {
    feature: "prompt above the context: 400 with the counts",
    cells: {
      ...chatDialects(tooLong(LONG_CHAT)),
      messages: tooLong(LONG_CHAT),
      completions: tooLong({ prompt: TOO_LONG }),
      responses: tooLong({ input: TOO_LONG }),
    },
  },
  {
    feature: "dropping old turns (`prompt_truncate_len`, `truncation`)",
    cells: {
      ...{ openai: also(truncated), together: also(truncated), fireworks: truncated, completions: absent("prompt_truncate_len", 50) },
      responses: async (api) => {
        const input = [
          { role: "user", content: TOO_LONG },
          { role: "assistant", content: "Ok." },
          { role: "user", content: "Hi" },
        ];
        expect((await api.failure({ input })).code).toBe("context_length_exceeded");
        expect((await api.say({ input, truncation: "auto" }, 1)).promptTokens).toBeLessThan(60);
      },
      messages: absent("prompt_truncate_len", 50),
    },
  },
];
