import { expect } from "vitest";
import type { Body } from "./api-calls.ts";
import { absent, also, completionApis, type FeatureRow, NONE, type Probe } from "./feature-row.ts";
import { toldByChat } from "./told-by-chat.ts";
import { toldByCompletion } from "./told-by-completion.ts";
import { toldByResponse } from "./told-by-response.ts";

const choiceOf = async (api: Parameters<Probe>[0], fields: Body) => {
  const json = await api.json(fields);
  if (api.name !== "completions") return toldByChat(json).choices[0];
  const [choice] = toldByCompletion(json).choices;
  return choice && { ...choice, content: choice.text };
};

const objects: Probe = async (api) => {
  const choice = await choiceOf(api, { logprobs: true, top_logprobs: 2 });
  const entries = choice?.logprobs && "content" in choice.logprobs ? choice.logprobs.content : [];
  expect(entries.map(({ token }) => token).join("")).toBe(choice?.content);
  for (const entry of entries) {
    expect(entry.top_logprobs).toHaveLength(2);
    if (api.name === "fireworks") expect(entry).toMatchObject({ token_id: expect.any(Number), text_offset: expect.any(Number) });
  }
};

const arrays: Probe = async (api) => {
  const choice = await choiceOf(api, { logprobs: 1 });
  const { tokens = [], token_logprobs = [] } = choice?.logprobs && "tokens" in choice.logprobs ? choice.logprobs : {};
  expect(tokens.join("")).toBe(choice?.content);
  expect(token_logprobs).toEqual([expect.any(Number), expect.any(Number)]);
};

/** Together's clients read one number from each chunk. */
const numbers: Probe = async (api) => {
  const frames = await api.frames({ logprobs: 1 });
  expect(frames.slice(0, -1)).toEqual(
    frames.slice(0, -1).map(() => expect.objectContaining({ choices: [expect.objectContaining({ logprobs: expect.any(Number) })] })),
  );
};

const inResponses: Probe = async (api) => {
  const { output } = toldByResponse(await api.json({ include: ["message.output_text.logprobs"], top_logprobs: 2 }));
  expect(output[0]?.logprobs.map(({ token }) => token).join("")).toBe(output[0]?.said);
  expect(output[0]?.logprobs.map(({ top_logprobs }) => top_logprobs.length)).toEqual([2, 2]);
};

const echoed: Probe = async (api) => {
  const json = await api.json({ echo: true });
  if (api.name === "completions") expect(json).toMatchObject({ choices: [{ text: expect.stringMatching(/^A lantern is./) }] });
  else expect(json).toMatchObject({ prompt: [{ text: expect.stringContaining("What is a lantern?") }] });
};

const echoedWithLogprobs: Probe = async (api) => {
  const json = await api.json({ echo: true, logprobs: 1 });
  const logprobs = { tokens: expect.arrayContaining([" lantern"]), token_logprobs: expect.arrayContaining([null, expect.any(Number)]) };
  expect(json).toMatchObject(api.name === "completions" ? { choices: [{ logprobs }] } : { prompt: [{ logprobs }] });
};

const ids = expect.arrayContaining([expect.any(Number)]);
const tokenIds: Probe = async (api) => {
  const inPrompt = { prompt_token_ids: ids };
  const expected =
    api.name === "completions" ? { choices: [{ token_ids: ids, ...inPrompt }] } : { choices: [{ token_ids: ids }], ...inPrompt };
  expect(await api.json({ return_token_ids: true })).toMatchObject(expected);
};

const rawOutput: Probe = async (api) => {
  const { text } = await api.say({});
  const raw_output = { prompt_fragments: [expect.stringContaining("lantern")], prompt_token_ids: ids, completion: text };
  expect(await api.json({ raw_output: true })).toMatchObject({ choices: [{ raw_output }] });
};

const metrics: Probe = async (api) => {
  const perf_metrics = { "prompt-tokens": expect.any(Number), "server-time-to-first-token": expect.any(Number) };
  expect(await api.json({ perf_metrics_in_response: true })).toMatchObject({ perf_metrics });
};

const promptLogprobs: Probe = async (api) => {
  const prompt_logprobs = expect.arrayContaining([null, expect.any(Object)]);
  const json = await api.json({ prompt_logprobs: 1 });
  expect(json).toMatchObject(api.name === "completions" ? { choices: [{ prompt_logprobs }] } : { prompt_logprobs });
};

const none = (field: string, value: unknown) => ({ responses: absent(field, value), messages: absent(field, value) });
const fireworks = (probe: Probe) => ({ ...completionApis(also(probe)), fireworks: probe });

export const TOKEN_ROWS: readonly FeatureRow[] = [
  {
    feature: "log-probabilities as objects",
    cells: {
      openai: objects,
      together: also(objects),
      fireworks: objects,
      completions: also(objects),
      responses: inResponses,
      messages: absent("logprobs", true),
    },
  },
  {
    feature: "log-probabilities as arrays (`logprobs: 1`)",
    cells: { openai: also(arrays), together: arrays, fireworks: arrays, completions: arrays, ...none("logprobs", 1) },
  },
  {
    feature: "log-probabilities as numbers in streams",
    cells: { openai: NONE, together: numbers, fireworks: NONE, completions: NONE, responses: NONE, messages: NONE },
  },
  {
    feature: "`echo`",
    cells: { openai: also(echoed), together: echoed, fireworks: echoed, completions: echoed, ...none("echo", true) },
  },
  {
    feature: "`echo` with log-probabilities of the prompt",
    cells: {
      openai: NONE,
      together: echoedWithLogprobs,
      fireworks: NONE,
      completions: echoedWithLogprobs,
      responses: NONE,
      messages: NONE,
    },
  },
  {
    feature: "`prompt_logprobs` (vLLM)",
    cells: {
      openai: also(promptLogprobs),
      together: NONE,
      fireworks: NONE,
      completions: also(promptLogprobs),
      ...none("prompt_logprobs", 1),
    },
  },
  { feature: "token ids (`return_token_ids`)", cells: { ...fireworks(tokenIds), ...none("return_token_ids", true) } },
  { feature: "`raw_output`", cells: { ...fireworks(rawOutput), ...none("raw_output", true) } },
  { feature: "`perf_metrics_in_response`", cells: { ...fireworks(metrics), ...none("perf_metrics_in_response", true) } },
];
