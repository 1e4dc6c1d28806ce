import type { GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import type { StoredAnswer } from "../stored-answer.ts";

export const GREETING: readonly GenerateEvent[] = [
  { type: "start", upstreamId: undefined, promptTokens: 3 },
  { type: "text-delta", choice: 0, text: "Good morning 🌅" },
  { type: "choice-end", choice: 0, reason: "stop" },
  { type: "end", usage: { promptTokens: 3, completionTokens: 4, cachedTokens: undefined, reasoningTokens: undefined } },
];

/** With everything that an answer can have. */
export const ELABORATE: readonly GenerateEvent[] = [
  { type: "start", upstreamId: undefined, promptTokens: 3, unenforced: ["not at properties.age"], ignored: ["mirostat_eta"] },
  {
    type: "prompt",
    choice: 0,
    text: "Hi",
    tokenIds: [7, 8],
    logprobs: [
      { token: "H", tokenId: 7, logprob: null },
      { token: "i", tokenId: 8, logprob: -0.5, bytes: [105], alternatives: [] },
    ],
  },
  { type: "reasoning-delta", choice: 0, text: "They greet me." },
  {
    type: "text-delta",
    choice: 0,
    text: "é",
    tokenIds: [1, 2],
    logprobs: [
      { token: "", tokenId: 1, logprob: -0.25, bytes: [0xc3], alternatives: [{ token: "e", logprob: -1.5, bytes: null }] },
      { token: "é", tokenId: 2, logprob: -0.125, bytes: [0xa9], alternatives: [] },
    ],
  },
  { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "wave" },
  { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"hand":"left"}' },
  { type: "choice-end", choice: 0, reason: "tool_calls" },
  { type: "text-delta", choice: 1, text: "Hello" },
  { type: "choice-end", choice: 1, reason: "length", stopSequence: "\n" },
  { type: "end", usage: { promptTokens: 2, completionTokens: 9, cachedTokens: 1, reasoningTokens: 4 } },
];

export function answerOf(events: readonly GenerateEvent[]): StoredAnswer {
  return { deployment: "local/smollm2", storedAtMs: 1_795_276_800_000, events };
}

export function askFor(text: string, change: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompt: { kind: "text", text }, choices: 1, stop: [], ...change };
}
