import { chatCompletion } from "@bonfire/protocol/chat-completions";
import type { Dialect } from "@bonfire/protocol/dialect";
import { describe, expect, it } from "vitest";
import type { GeneratedChoice, Generation } from "../../engine/fold-generation.ts";
import type { TokenUsage } from "../../engine/generation.ts";
import { HEAD, plainStyle } from "../openai-serving/testing/answer-styles.ts";
import type { ChatStyle } from "./chat-style.ts";
import { writeChatCompletion } from "./serving-answer.ts";

const USAGE: TokenUsage = { promptTokens: 3, completionTokens: 4, cachedTokens: 1, reasoningTokens: 2 };
const CALLS = [
  { id: "call_1", name: "f", arguments: "{}" },
  { id: "call_2", name: "g", arguments: '{"a":1}' },
];

function generation(choice: Partial<GeneratedChoice>, usage = USAGE): Generation {
  const nothing = { reasoning: "", toolCalls: [], stopSequence: undefined, logprobs: [], tokenIds: [], prompt: undefined } as const;
  return { choices: [{ text: "", finishReason: "stop", ...nothing, ...choice }], usage, start: undefined };
}

function write(choice: Partial<GeneratedChoice>, dialect: Dialect = "openai", wishes: Partial<ChatStyle> = {}) {
  return chatCompletion.parse(writeChatCompletion(generation(choice), HEAD, plainStyle(dialect, wishes)));
}

const messageOf = (...args: Parameters<typeof write>) => write(...args).choices[0]?.message;

describe("writeChatCompletion", () => {
  it("says as what it was served, where that was asked for", () => {
    expect(write({ text: "hi" }, "openai", { serviceTier: "flex" })).toMatchObject({ service_tier: "flex" });
    expect(write({ text: "hi" })).not.toHaveProperty("service_tier");
  });

  it("writes what OpenAI writes", () => {
    expect(write({ text: "hi" })).toEqual({
      id: "id-1",
      object: "chat.completion",
      created: 1,
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "hi", refusal: null }, logprobs: null, finish_reason: "stop" }],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 4,
        total_tokens: 7,
        prompt_tokens_details: { cached_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 2 },
        cached_tokens: 1,
      },
    });
  });

  it("writes for Together's clients what they require beside it", () => {
    expect(write({ text: "hi" }, "together", { seed: 42 })).toMatchObject({
      prompt: [],
      choices: [{ message: { tool_calls: [] }, seed: 42, finish_reason: "stop" }],
    });
  });

  it("leaves usage out where the engine did not count", () => {
    const uncounted = generation({}, { promptTokens: undefined, completionTokens: 4, cachedTokens: undefined });
    expect(writeChatCompletion(uncounted, HEAD, plainStyle("openai"))).not.toHaveProperty("usage");
  });

  it.each([
    ["openai", { reasoning_content: "2+2", reasoning: "2+2" }],
    ["together", { reasoning_content: "2+2", reasoning: "2+2" }],
    ["fireworks", { reasoning_content: "2+2" }],
  ] as const)("shows reasoning under the names that clients of %s read", (dialect, names) => {
    const { reasoning_content, reasoning } = messageOf({ text: "4", reasoning: "2+2" }, dialect) ?? {};
    expect({ reasoning_content, reasoning }).toEqual({ reasoning: undefined, ...names });
  });

  it.each([
    ["openai", {}],
    ["fireworks", {}],
    ["together", { index: 0 }],
  ] as const)("writes calls, and then no content: %s", (dialect, number) => {
    const choice = { toolCalls: CALLS.slice(0, 1), finishReason: "tool_calls" } as const;
    expect(write(choice, dialect).choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
    expect(messageOf(choice, dialect)?.tool_calls).toEqual([
      { ...number, id: "call_1", type: "function", function: { name: "f", arguments: "{}" } },
    ]);
  });

  it("keeps what was said before calls", () => {
    expect(messageOf({ text: "Let me see.", toolCalls: CALLS })?.content).toBe("Let me see.");
  });

  it("writes one function_call for those who sent functions", () => {
    const { choices } = write({ toolCalls: CALLS, finishReason: "tool_calls" }, "openai", { legacyFunctions: true });
    expect(choices[0]).toMatchObject({ finish_reason: "function_call", message: { function_call: { name: "f", arguments: "{}" } } });
    expect(choices[0]?.message).not.toHaveProperty("tool_calls");
  });

  it("has an empty list of log-probabilities where a call is all there is", () => {
    const { choices } = write({ toolCalls: CALLS }, "openai", { logprobs: "objects" });
    expect(choices[0]?.logprobs).toEqual({ content: [], refusal: null });
  });

  const prompt = {
    type: "prompt",
    choice: 0,
    text: "<user>hi",
    tokenIds: [1, 2],
    logprobs: [
      { token: "<user>", tokenId: 1, logprob: null },
      { token: "hi", tokenId: 2, logprob: -1, bytes: null, alternatives: [{ token: "yo", tokenId: 9, logprob: -0.5, bytes: null }] },
    ],
  } as const;

  it("echoes the prompt with its log-probabilities", () => {
    expect(write({ prompt }, "together", { echo: true }).prompt).toEqual([
      {
        text: "<user>hi",
        logprobs: {
          tokens: ["<user>", "hi"],
          token_logprobs: [null, -1],
          top_logprobs: [null, { yo: -0.5, hi: -1 }],
          text_offset: [0, 6],
          token_ids: [1, 2],
        },
      },
    ]);
  });

  it("tells the prompt's log-probabilities in vLLM's shape", () => {
    expect(write({ prompt }, "openai", { promptLogprobs: true }).prompt_logprobs).toEqual([
      null,
      { "9": { logprob: -0.5, rank: 1, decoded_token: "yo" }, "2": { logprob: -1, decoded_token: "hi" } },
    ]);
  });

  it("tells token ids, the raw output and how long it took to those who ask", () => {
    const answer = write({ text: "yo", tokenIds: [5], prompt }, "fireworks", { tokenIds: true, rawOutput: true, perfMetrics: true });
    expect(answer).toMatchObject({
      prompt_token_ids: [1, 2],
      perf_metrics: { "server-processing-time": 1.5 },
      choices: [
        {
          token_ids: [5],
          raw_output: { prompt_fragments: ["<user>hi"], prompt_token_ids: [1, 2], completion: "yo", completion_token_ids: [5] },
        },
      ],
    });
  });
});
