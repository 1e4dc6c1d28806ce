import type { samplingFields } from "@bonfire/protocol/text-generation";
import { type FieldRule, type FieldSources, type FieldTable, UNLESS_EMPTY, UNLESS_FALSE } from "./field-table.ts";

/** `openai-openapi`, both schemas; of the SDKs of Together (`together-typescript`) and Fireworks (`fw-ai-external/python-sdk`) the request types. */
export const OAI = { openai: "OAI" } as const;
export const TOGETHER = { together: "TG2" } as const;
export const FW = { fireworks: "FW" } as const;
export const VLLM = { others: "vLLM" } as const;
const OPENROUTER = { others: "OpenRouter" } as const;
export const EVERYWHERE = { ...OAI, ...TOGETHER, ...FW } as const;

export const supported = (sources: FieldSources): FieldRule => ({ treatment: "supported", sources });
const ignored = (sources: FieldSources): FieldRule => ({ treatment: "ignored", sources });
export const refused = (sources: FieldSources, unless?: Extract<FieldRule, { treatment: "refused" }>["unless"]): FieldRule => ({
  treatment: "refused",
  sources,
  ...(unless === undefined ? {} : { unless }),
});

/** What chat and text completions both read. */
export const SAMPLING_FIELDS = {
  model: supported(EVERYWHERE),
  n: supported(EVERYWHERE),
  stop: supported(EVERYWHERE),
  seed: supported(EVERYWHERE),
  temperature: supported(EVERYWHERE),
  top_p: supported(EVERYWHERE),
  top_k: supported({ ...TOGETHER, ...FW }),
  min_p: supported({ ...TOGETHER, ...FW }),
  typical_p: supported(FW),
  presence_penalty: supported(EVERYWHERE),
  frequency_penalty: supported(EVERYWHERE),
  repetition_penalty: supported({ ...TOGETHER, ...FW }),
  mirostat_target: supported(FW),
  mirostat_lr: supported(FW),
  logit_bias: supported(EVERYWHERE),
  ignore_eos: supported(FW),
  max_tokens: supported(EVERYWHERE),
  max_completion_tokens: supported({ ...OAI, ...FW }),
  context_length_exceeded_behavior: supported({ ...TOGETHER, ...FW }),
  logprobs: supported(EVERYWHERE),
  top_logprobs: supported({ ...OAI, ...FW }),
  prompt_logprobs: supported(VLLM),
  echo: supported(EVERYWHERE),
  response_format: supported(EVERYWHERE),
  return_token_ids: supported(FW),
  raw_output: supported(FW),
  perf_metrics_in_response: supported(FW),
  prompt_cache_key: supported(EVERYWHERE),
  user: supported(EVERYWHERE),
  service_tier: supported({ ...OAI, ...FW }),
  models: supported(OPENROUTER),
  stream: supported(EVERYWHERE),
  stream_options: supported(OAI),
} as const satisfies Record<keyof typeof samplingFields, FieldRule>;

/** What neither of both reads. */
export const UNREAD_FIELDS = {
  store: ignored(OAI),
  metadata: ignored({ ...OAI, ...FW }),
  safety_identifier: ignored(OAI),
  prompt_cache_retention: ignored(OAI),
  prompt_cache_options: ignored(OAI),
  prompt_cache_isolation_key: ignored(FW),
  prompt_cache_max_len: ignored(FW),
  // What is likely to come can only make the answer faster.
  prediction: ignored({ ...OAI, ...FW }),
  speculation: ignored(FW),
  // They promise something about the answer or the machine that would not be kept.
  moderation: refused(OAI),
  safety_model: refused(TOGETHER),
  compliance: refused(TOGETHER),
  echo_last: refused(FW, { is: (value) => value === 0, words: "0" }),
  safe_tokenization: refused(FW, UNLESS_FALSE),
  min_tokens: refused(VLLM, { is: (value) => value === 0, words: "0" }),
  stop_token_ids: refused(VLLM, UNLESS_EMPTY),
  bad_words: refused(VLLM, UNLESS_EMPTY),
  allowed_token_ids: refused(VLLM, UNLESS_EMPTY),
  use_beam_search: refused(VLLM, UNLESS_FALSE),
  length_penalty: refused(VLLM, { is: (value) => value === 1, words: "1" }),
  include_stop_str_in_output: refused(VLLM, UNLESS_FALSE),
  skip_special_tokens: refused(VLLM, { is: (value) => value === true, words: "true" }),
  guided_json: refused(VLLM),
  guided_regex: refused(VLLM),
  guided_choice: refused(VLLM),
  guided_grammar: refused(VLLM),
  structured_outputs: refused(VLLM),
} as const satisfies FieldTable;
