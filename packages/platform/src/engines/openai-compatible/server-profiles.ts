import { BEYOND_OPENAI, COMMON, EVERY_TIER, lacking, NOBODY_HAS } from "./profile-parts.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

/** Servers that somebody runs on machines of their own. */
export const SERVER_PROFILES = {
  /** Any server that claims compatibility. Most read what they are sent beyond OpenAI's fields, some leave it unheeded without a word, a few refuse it. */
  generic: COMMON,

  /** vllm `entrypoints/openai/protocol.py`, 0.12: grammars and patterns have left `response_format` for `structured_outputs`. */
  vllm: {
    ...COMMON,
    baseUrl: "http://127.0.0.1:8000/v1",
    lacks: lacking([...NOBODY_HAS, "typicalP", "mirostat", "reasoningBudget", "reasoningHistory", "promptLength", "truncatedAnswer"]),
    mostAlternatives: 20,
    formatPlaces: { regex: ["structured_outputs", "regex"], grammar: ["structured_outputs", "grammar"] },
  },

  /** sglang `srt/entrypoints/openai/protocol.py`. */
  sglang: {
    ...COMMON,
    baseUrl: "http://127.0.0.1:30000/v1",
    lacks: lacking([
      ...NOBODY_HAS,
      "typicalP",
      "mirostat",
      "reasoningBudget",
      "reasoningHistory",
      "promptLength",
      "truncatedAnswer",
      "tokenIds",
    ]),
    formatPlaces: { regex: ["regex"], grammar: ["ebnf"] },
  },

  /** llama.cpp `tools/server`: what its OpenAI endpoints do not know they hand on to its own sampler, by its own names. */
  llamacpp: {
    ...COMMON,
    baseUrl: "http://127.0.0.1:8080/v1",
    lacks: lacking([...NOBODY_HAS, "regex", "reasoningBudget", "reasoningHistory", "promptLength", "truncatedAnswer", "tokenIds"]),
    spelling: { repetition_penalty: "repeat_penalty", mirostat_target: "mirostat_tau", mirostat_lr: "mirostat_eta" },
    beside: { mirostat_tau: { mirostat: 2 } },
    formatPlaces: { grammar: ["grammar"] },
  },

  /** ollama `docs/openai.md`: `tool_choice`, `logit_bias` and `n` are passed over in silence. */
  ollama: {
    ...COMMON,
    baseUrl: "http://127.0.0.1:11434/v1",
    lacks: lacking([...BEYOND_OPENAI, "tokenPrompt", "choices", "logitBias", "toolChoice", "cacheKey", "user"]),
    unsent: new Set(["parallel_tool_calls"]),
    reasoning: "effort",
  },

  /** lmstudio.ai/docs: its own list tells lengths and kinds, OpenAI's does not; `json_object` is refused. */
  "lm-studio": {
    ...COMMON,
    baseUrl: "http://127.0.0.1:1234/v1",
    lists: ["../api/v0/models", "models"],
    lacks: lacking(
      [...BEYOND_OPENAI, "tokenPrompt", "choices", "logprobs", "jsonObject", "cacheKey", "user"],
      ["topK", "repetitionPenalty"],
    ),
    spelling: { repetition_penalty: "repeat_penalty" },
    unsent: new Set(["parallel_tool_calls"]),
    reasoning: "effort",
  },

  /** Another Bonfire: only Fireworks' form of its list tells which models converse and which see. */
  bonfire: { ...COMMON, lists: ["../fireworks/v1/models", "models"], serviceTiers: EVERY_TIER },
} as const satisfies Readonly<Record<string, UpstreamProfile>>;
