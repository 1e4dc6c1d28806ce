import { completion, completionChunk } from "@bonfire/protocol/completions";
import type { Dialect } from "@bonfire/protocol/dialect";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { GenerateEvent, TokenLogprob } from "../../engine/generation.ts";
import type { AnswerStyle } from "../openai-serving/answer-style.ts";
import { HEAD, plainStyle } from "../openai-serving/testing/answer-styles.ts";
import { writeCompletion } from "./serving-answer.ts";
import { writeCompletionFrames } from "./serving-stream.ts";

const token = (text: string, tokenId: number): TokenLogprob => ({
  token: text,
  tokenId,
  logprob: -1,
  bytes: null,
  alternatives: [{ token: "z", tokenId: 99, logprob: -0.5, bytes: null }],
});
const PROMPT: GenerateEvent = {
  type: "prompt",
  choice: 0,
  text: "Žofie ",
  tokenIds: [1, 2],
  logprobs: [{ token: "Žofie", tokenId: 1, logprob: null }, token(" ", 2)],
};
const EVENTS: GenerateEvent[] = [
  { type: "start", upstreamId: undefined },
  PROMPT,
  { type: "text-delta", choice: 0, text: "sat", logprobs: [token("s", 3), token("at", 4)], tokenIds: [3, 4] },
  { type: "choice-end", choice: 0, reason: "stop" },
  { type: "end", usage: { promptTokens: 2, completionTokens: 2, cachedTokens: undefined } },
];

async function* events() {
  yield* EVENTS;
}

async function whole(dialect: Dialect, wishes: Partial<AnswerStyle> = {}) {
  return completion.parse(writeCompletion(await foldGeneration(events()), HEAD, plainStyle(dialect, wishes)));
}

async function streamed(dialect: Dialect, wishes: Partial<AnswerStyle> = {}) {
  const data: string[] = [];
  for await (const frame of writeCompletionFrames(events(), HEAD, plainStyle(dialect, wishes))) data.push(frame.data);
  expect(data.pop()).toBe("[DONE]");
  return data.map((text) => completionChunk.parse(JSON.parse(text)));
}

const USAGE = { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 };

describe("writeCompletion", () => {
  it("writes what OpenAI writes", async () => {
    expect(await whole("openai")).toEqual({
      ...{ id: "id-1", object: "text_completion", created: 1, model: "m", usage: USAGE },
      choices: [{ text: "sat", index: 0, logprobs: null, finish_reason: "stop" }],
    });
  });

  it("writes what Together writes", async () => {
    expect(await whole("together", { seed: 3 })).toEqual({
      ...{ id: "id-1", object: "text.completion", created: 1, model: "m", usage: USAGE, prompt: [] },
      choices: [{ text: "sat", index: 0, logprobs: null, finish_reason: "stop", seed: 3 }],
    });
  });

  it.each(["openai", "fireworks"] as const)(
    "begins the text with the prompt where it is echoed, counted in characters: %s",
    async (dialect) => {
      const { choices } = await whole(dialect, { echo: true, logprobs: "arrays" });
      expect(choices[0]).toMatchObject({
        text: "Žofie sat",
        logprobs: {
          tokens: ["Žofie", " ", "s", "at"],
          token_logprobs: [null, -1, -1, -1],
          top_logprobs: [null, { z: -0.5, " ": -1 }, { z: -0.5, s: -1 }, { z: -0.5, at: -1 }],
          text_offset: [0, 5, 6, 7],
          token_ids: [1, 2, 3, 4],
        },
      });
    },
  );

  it("keeps the prompt apart from the text for Together's clients", async () => {
    const answer = await whole("together", { echo: true, logprobs: "arrays" });
    expect(answer).toMatchObject({
      prompt: [{ text: "Žofie ", logprobs: { tokens: ["Žofie", " "], token_logprobs: [null, -1] } }],
      choices: [{ text: "sat", logprobs: { tokens: ["s", "at"] } }],
    });
  });

  it("tells on request the prompt's log-probabilities, ids and how long it took", async () => {
    expect(await whole("fireworks", { promptLogprobs: true, tokenIds: true, perfMetrics: true, rawOutput: true })).toMatchObject({
      perf_metrics: { "server-time-to-first-token": 0.25 },
      choices: [
        {
          token_ids: [3, 4],
          prompt_token_ids: [1, 2],
          prompt_logprobs: [null, { "2": { logprob: -1 } }],
          raw_output: { completion: "sat" },
        },
      ],
    });
  });
});

describe("writeCompletionFrames", () => {
  it("writes what OpenAI writes, to the letter", async () => {
    const data: string[] = [];
    for await (const frame of writeCompletionFrames(events(), HEAD, plainStyle("openai", { includeUsage: true }))) data.push(frame.data);
    const envelope = '{"id":"id-1","object":"text_completion","created":1,"model":"m"';
    expect(data).toEqual([
      `${envelope},"choices":[{"text":"sat","index":0,"logprobs":null,"finish_reason":null}],"usage":null}`,
      `${envelope},"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}`,
      `${envelope},"choices":[],"usage":${JSON.stringify(USAGE)}}`,
      "[DONE]",
    ]);
  });

  it("writes what Together writes: the text once more as a delta, usage and seed at the end", async () => {
    expect(await streamed("together", { seed: 3 })).toMatchObject([
      {
        object: "completion.chunk",
        choices: [{ text: "sat", delta: { role: "assistant", content: "sat" }, seed: null, finish_reason: null }],
        usage: null,
      },
      { choices: [{ text: "", seed: 3, finish_reason: "stop" }], usage: USAGE },
    ]);
  });

  it("writes usage at the end for Fireworks' clients", async () => {
    expect((await streamed("fireworks")).map(({ usage }) => usage)).toEqual([undefined, USAGE]);
  });

  it("begins with the echoed prompt", async () => {
    const found = await streamed("openai", { echo: true, logprobs: "arrays" });
    expect(found.flatMap(({ choices }) => choices)).toMatchObject([
      { text: "Žofie ", logprobs: { token_logprobs: [null, -1], text_offset: [0, 5] } },
      { text: "sat", logprobs: { text_offset: [6, 7] } },
      { text: "" },
    ]);
  });

  it("tells Together's clients the prompt beside the choices, and a number for each token", async () => {
    const found = await streamed("together", { echo: true, logprobs: "arrays" });
    expect(found[0]).toMatchObject({ prompt: [{ text: "Žofie " }], choices: [{ text: "" }] });
    expect(found.slice(1, 3).flatMap(({ choices }) => choices)).toMatchObject([
      { text: "s", logprobs: -1, top_logprobs: { z: -0.5, s: -1 }, delta: { token_id: 3 } },
      { text: "at", logprobs: -1, delta: { token_id: 4 } },
    ]);
  });

  it("tells token ids and the raw output on request", async () => {
    const [first, second, last] = (await streamed("fireworks", { tokenIds: true, rawOutput: true })).flatMap(({ choices }) => choices);
    expect(first).toMatchObject({ text: "", prompt_token_ids: [1, 2] });
    expect(second).toMatchObject({ text: "sat", token_ids: [3, 4] });
    expect(last?.raw_output).toMatchObject({ completion: "sat", prompt_token_ids: [1, 2], completion_token_ids: [3, 4] });
  });
});
