import type { LoadRequest } from "../load/load-plan.ts";

const MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct";
/** Both of the model's end-of-text tokens are ruled out: an answer ends at its token limit, and its length is known beforehand. */
const ENDLESS = { logit_bias: { "0": -100, "2": -100 } };
/** Ordinary words of the model's vocabulary of 49,152. */
const FIRST_TOKEN_ID = 1_000;
const TOKEN_IDS = 40_000;

const SUBJECTS = ["the sea", "old bridges", "bread", "a lighthouse", "winter", "trains", "honey bees", "the moon"];

/** @param number distinct for every stream of a run, so that no cached prefix helps anybody. */
export function chatRequest(number: number, tokens: number, apiKey: string): LoadRequest {
  const subject = SUBJECTS[number % SUBJECTS.length] ?? "the sea";
  return {
    path: "/v1/chat/completions",
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: "user", content: `Story ${number}: tell me everything about ${subject}, number ${number}.` }],
      max_tokens: tokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
      ...ENDLESS,
    }),
  };
}

/** A prompt of exactly so many tokens: their ids are sent, no text. @param number distinct for every prompt of a run. */
export function longPromptRequest(options: { number: number; promptTokens: number; tokens: number; apiKey: string }): LoadRequest {
  const { number, promptTokens, tokens, apiKey } = options;
  // Steps of a large prime walk through the vocabulary without repeating a pattern.
  const prompt = Array.from(
    { length: promptTokens },
    (_, index) => FIRST_TOKEN_ID + (((index + 1) * 7_919 + number * 104_729) % TOKEN_IDS),
  );
  return {
    path: "/v1/completions",
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      model: MODEL,
      prompt,
      max_tokens: tokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
      ...ENDLESS,
    }),
  };
}
