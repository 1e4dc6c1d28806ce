import { chatCompletionChunk } from "@bonfire/protocol/chat-completions";
import type { Dialect } from "@bonfire/protocol/dialect";
import { describe, expect, it } from "vitest";
import type { GenerateEvent, TokenLogprob } from "../../engine/generation.ts";
import { DIALECTS, HEAD, plainStyle } from "../openai-serving/testing/answer-styles.ts";
import type { ChatStyle } from "./chat-style.ts";
import { writeChatFrames } from "./serving-stream.ts";

const START: GenerateEvent = { type: "start", upstreamId: undefined };
const HI: GenerateEvent = { type: "text-delta", choice: 0, text: 'H"i' };
const STOP: GenerateEvent = { type: "choice-end", choice: 0, reason: "stop" };
const END: GenerateEvent = { type: "end", usage: { promptTokens: 3, completionTokens: 1, cachedTokens: 2, reasoningTokens: 0 } };
const CALL: GenerateEvent[] = [
  { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "f" },
  { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"a":' },
  { type: "tool-call-delta", choice: 0, call: 0, arguments: "1}" },
  { type: "choice-end", choice: 0, reason: "tool_calls" },
];
const TOKENS: TokenLogprob[] = [
  {
    token: "H",
    tokenId: 7,
    logprob: -0.5,
    bytes: [72],
    alternatives: [{ token: "H", tokenId: 7, logprob: -0.5, bytes: [72] }],
  },
  { token: '"i', tokenId: 8, logprob: Number.NEGATIVE_INFINITY, bytes: null, alternatives: [] },
];

const USAGE =
  '{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":0},"cached_tokens":2}';
const ENVELOPE = '{"id":"id-1","object":"chat.completion.chunk","created":1,"model":"m"';

async function frames(events: readonly GenerateEvent[], style: ChatStyle): Promise<string[]> {
  async function* source() {
    yield* events;
  }
  const data: string[] = [];
  for await (const frame of writeChatFrames(source(), HEAD, style)) data.push(frame.data);
  for (const text of data) if (text !== "[DONE]") chatCompletionChunk.parse(JSON.parse(text));
  return data;
}

/** The chunks, read. */
async function chunks(events: readonly GenerateEvent[], dialect: Dialect, wishes: Partial<ChatStyle> = {}) {
  const data = await frames([START, ...events, END], plainStyle(dialect, wishes));
  return data.slice(0, -1).map((text) => chatCompletionChunk.parse(JSON.parse(text)));
}

const choicesOf = async (...args: Parameters<typeof chunks>) => (await chunks(...args)).flatMap(({ choices }) => choices);
const deltasOf = async (...args: Parameters<typeof chunks>) => (await choicesOf(...args)).map(({ delta }) => delta);

describe("writeChatFrames", () => {
  it("says in each chunk as what it is served, where that was asked for", async () => {
    const tiers = (await chunks([HI, STOP], "openai", { serviceTier: "priority" })).map(({ service_tier }) => service_tier);
    expect(new Set(tiers)).toEqual(new Set(["priority"]));
  });

  it("writes what OpenAI writes, to the letter", async () => {
    expect(await frames([START, HI, STOP, END], plainStyle("openai", { includeUsage: true }))).toEqual([
      `${ENVELOPE},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}`,
      `${ENVELOPE},"choices":[{"index":0,"delta":{"content":"H\\"i"},"logprobs":null,"finish_reason":null}],"usage":null}`,
      `${ENVELOPE},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}`,
      `${ENVELOPE},"choices":[],"usage":${USAGE}}`,
      "[DONE]",
    ]);
  });

  it("writes what Together writes, to the letter", async () => {
    expect(await frames([START, HI, STOP, END], plainStyle("together", { seed: 42 }))).toEqual([
      `${ENVELOPE},"choices":[{"index":0,"text":"H\\"i","delta":{"role":"assistant","content":"H\\"i"},"logprobs":null,"seed":null,"finish_reason":null}],"usage":null}`,
      `${ENVELOPE},"choices":[{"index":0,"text":"","delta":{"role":"assistant","content":""},"logprobs":null,"seed":42,"finish_reason":"stop"}],"usage":${USAGE}}`,
      "[DONE]",
    ]);
  });

  it("writes what Fireworks writes, to the letter", async () => {
    expect(await frames([START, HI, STOP, END], plainStyle("fireworks"))).toEqual([
      `${ENVELOPE},"choices":[{"index":0,"delta":{"role":"assistant","content":null},"logprobs":null,"finish_reason":null}]}`,
      `${ENVELOPE},"choices":[{"index":0,"delta":{"content":"H\\"i"},"logprobs":null,"finish_reason":null}]}`,
      `${ENVELOPE},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":${USAGE}}`,
      "[DONE]",
    ]);
  });

  it("says nothing of usage to OpenAI's clients unless they ask", async () => {
    expect((await frames([STOP, END], plainStyle("openai"))).join("")).not.toContain("usage");
  });

  it.each(["together", "fireworks"] as const)("puts usage on the last finish of several, and nowhere else: %s", async (dialect) => {
    const second: GenerateEvent = { type: "choice-end", choice: 1, reason: "length" };
    const found = await chunks([HI, STOP, { ...HI, choice: 1 }, second], dialect);
    const reasons = found.filter(({ choices }) => choices[0]?.finish_reason);
    expect(reasons.map(({ choices, usage }) => [choices[0]?.index, usage?.total_tokens])).toEqual([
      [0, undefined],
      [1, 4],
    ]);
    expect(found.filter(({ usage }) => usage)).toHaveLength(1);
  });

  it.each(DIALECTS)("has one more chunk with nothing but usage where that is asked for: %s", async (dialect) => {
    const found = await chunks([HI, STOP], dialect, { includeUsage: true });
    expect(found.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 4 } });
    expect(found.filter(({ usage }) => usage)).toHaveLength(1);
  });

  it("leaves usage out where the engine did not count", async () => {
    const uncounted: GenerateEvent = { type: "end", usage: { promptTokens: undefined, completionTokens: 1, cachedTokens: undefined } };
    for (const dialect of DIALECTS) {
      expect((await frames([HI, STOP, uncounted], plainStyle(dialect))).join("")).not.toContain("total_tokens");
    }
  });

  it("writes nothing before the first content, so that a failure can still have a status", async () => {
    async function* failing(): AsyncGenerator<GenerateEvent> {
      yield START;
      throw new Error("the engine is gone");
    }
    const iterator = writeChatFrames(failing(), HEAD, plainStyle("openai"))[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow("the engine is gone");
  });

  it("stops the engine when its reader leaves", async () => {
    let stopped = false;
    async function* endless(): AsyncGenerator<GenerateEvent> {
      try {
        for (;;) yield HI;
      } finally {
        stopped = true;
      }
    }
    for await (const _ of writeChatFrames(endless(), HEAD, plainStyle("openai"))) break;
    expect(stopped).toBe(true);
  });
});

describe("a streamed call", () => {
  it("comes as role, call, pieces of its arguments, reason", async () => {
    expect(await deltasOf(CALL, "openai")).toEqual([
      { role: "assistant", content: null },
      { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: "1}" } }] },
      {},
    ]);
    expect((await choicesOf(CALL, "openai")).at(-1)?.finish_reason).toBe("tool_calls");
  });

  it("is numbered among others", async () => {
    const second: GenerateEvent = { type: "tool-call-start", choice: 0, call: 1, id: "call_2", name: "g" };
    const deltas = await deltasOf([...CALL.slice(0, 3), second, ...CALL.slice(3)], "fireworks");
    expect(deltas[4]).toEqual({
      tool_calls: [{ index: 1, id: "call_2", type: "function", function: { name: "g", arguments: "" } }],
    });
  });

  it("is a function_call for those who sent functions", async () => {
    expect(await deltasOf(CALL, "openai", { legacyFunctions: true })).toEqual([
      { role: "assistant", content: null },
      { function_call: { name: "f", arguments: "" } },
      { function_call: { arguments: '{"a":' } },
      { function_call: { arguments: "1}" } },
      {},
    ]);
    expect((await choicesOf(CALL, "openai", { legacyFunctions: true })).at(-1)?.finish_reason).toBe("function_call");
  });
});

describe("streamed reasoning", () => {
  const THOUGHT: GenerateEvent = { type: "reasoning-delta", choice: 0, text: "2+2" };

  it.each([
    ["openai", { reasoning_content: "2+2", reasoning: "2+2" }],
    ["together", { role: "assistant", reasoning_content: "2+2", reasoning: "2+2" }],
    ["fireworks", { reasoning_content: "2+2" }],
  ] as const)("has the names that clients of %s read", async (dialect, delta) => {
    expect(await deltasOf([THOUGHT, STOP], dialect)).toContainEqual(delta);
  });
});

describe("the end of a streamed choice", () => {
  it("counts seeds within one prompt", async () => {
    const ends = [0, 1].map((choice): GenerateEvent => ({ type: "choice-end", choice, reason: "length" }));
    expect((await choicesOf(ends, "together", { seed: 5, choicesPerPrompt: 2 })).map(({ seed }) => seed)).toEqual([5, 6]);
  });
});

describe("streamed log-probabilities", () => {
  const WITH_TOKENS: GenerateEvent = { type: "text-delta", choice: 0, text: 'H"i', logprobs: TOKENS };

  it("are OpenAI's objects, which cover the delta", async () => {
    const [, choice] = await choicesOf([WITH_TOKENS, STOP], "openai", { logprobs: "objects" });
    expect(choice?.logprobs).toEqual({
      content: [
        { token: "H", logprob: -0.5, bytes: [72], top_logprobs: [{ token: "H", logprob: -0.5, bytes: [72] }] },
        { token: '"i', logprob: -9_999, bytes: null, top_logprobs: [] },
      ],
      refusal: null,
    });
  });

  it("carry ids and places in the text for Fireworks' clients", async () => {
    const choices = await choicesOf([WITH_TOKENS, WITH_TOKENS, STOP], "fireworks", { logprobs: "objects" });
    expect(choices[2]?.logprobs).toMatchObject({
      content: [
        { token: "H", token_id: 7, text_offset: 3 },
        { token: '"i', token_id: 8, text_offset: 4 },
      ],
    });
  });

  it("are arrays where a number asked for them", async () => {
    const choices = await choicesOf([WITH_TOKENS, WITH_TOKENS, STOP], "openai", { logprobs: "arrays" });
    expect(choices[2]?.logprobs).toEqual({
      tokens: ["H", '"i'],
      token_logprobs: [-0.5, -9_999],
      top_logprobs: [{ H: -0.5 }, null],
      text_offset: [3, 4],
      token_ids: [7, 8],
    });
  });

  it("are one number a chunk for Together's clients", async () => {
    const choices = await choicesOf([WITH_TOKENS, STOP], "together", { logprobs: "arrays" });
    expect(choices.slice(0, 2)).toMatchObject([
      { text: "H", delta: { content: "H", token_id: 7 }, logprobs: -0.5, top_logprobs: { H: -0.5 } },
      { text: '"i', delta: { content: '"i', token_id: 8 }, logprobs: -9_999 },
    ]);
  });

  it("are there also while a character is incomplete", async () => {
    const half: GenerateEvent = { type: "text-delta", choice: 0, text: "", logprobs: TOKENS.slice(0, 1) };
    const [, choice] = await choicesOf([half, STOP], "openai", { logprobs: "objects" });
    expect(choice).toMatchObject({ delta: { content: "" }, logprobs: { content: [{ token: "H" }] } });
  });

  it("are not told to those who did not ask", async () => {
    expect((await choicesOf([WITH_TOKENS, STOP], "openai")).map(({ logprobs }) => logprobs)).toEqual([null, null, null]);
  });
});

describe("what else a stream tells on request", () => {
  const PROMPT: GenerateEvent = { type: "prompt", choice: 0, text: "<user>hi", tokenIds: [1, 2] };
  const WITH_IDS: GenerateEvent = { type: "text-delta", choice: 0, text: "yo", tokenIds: [5, 6] };

  it.each(DIALECTS)("token ids: the prompt's in the first chunk, each chunk its own: %s", async (dialect) => {
    const found = await chunks([PROMPT, WITH_IDS, STOP], dialect, { tokenIds: true });
    expect(found[0]).toMatchObject({ prompt_token_ids: [1, 2], choices: [{ delta: { role: "assistant" } }] });
    expect(found[1]?.choices[0]).toMatchObject({ delta: { content: "yo" }, token_ids: [5, 6] });
  });

  it("the prompt, beside the choices", async () => {
    expect((await chunks([PROMPT, WITH_IDS, STOP], "together", { echo: true }))[0]).toMatchObject({ prompt: [{ text: "<user>hi" }] });
  });

  it("what went in and what came out, with the reason", async () => {
    const choices = await choicesOf([PROMPT, WITH_IDS, WITH_IDS, STOP], "fireworks", { rawOutput: true });
    expect(choices.at(-1)?.raw_output).toEqual({
      prompt_fragments: ["<user>hi"],
      prompt_token_ids: [1, 2],
      completion: "yoyo",
      completion_token_ids: [5, 6, 5, 6],
    });
  });

  it("how long it took, on the last chunk with a reason", async () => {
    const found = await chunks([HI, STOP], "openai", { perfMetrics: true, includeUsage: true });
    expect(found.at(-2)?.perf_metrics).toEqual({
      "prompt-tokens": 3,
      "cached-prompt-tokens": 2,
      "server-time-to-first-token": 0.25,
      "server-processing-time": 1.5,
    });
    expect(found.filter(({ perf_metrics }) => perf_metrics)).toHaveLength(1);
  });

  it("no usage to OpenAI's clients who only ask how long it took", async () => {
    expect((await chunks([HI, STOP], "openai", { perfMetrics: true })).filter(({ usage }) => usage)).toEqual([]);
  });
});
