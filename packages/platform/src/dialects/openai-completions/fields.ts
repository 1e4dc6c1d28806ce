import type { completionRequest } from "@bonfire/protocol/completions";
import { type FieldRule, type FieldTable, UNLESS_EMPTY } from "../openai-serving/field-table.ts";
import { EVERYWHERE, FW, OAI, refused, SAMPLING_FIELDS, supported, UNREAD_FIELDS } from "../openai-serving/shared-fields.ts";

const READ_FIELDS = {
  ...SAMPLING_FIELDS,
  prompt: supported(EVERYWHERE),
  max_completion_tokens: supported(FW),
  top_logprobs: supported(FW),
  response_format: supported(FW),
  prompt_cache_key: supported(FW),
  user: supported({ ...OAI, ...FW }),
  service_tier: supported(FW),
} as const satisfies Record<keyof typeof completionRequest.shape, FieldRule>;

/** Every field of a text completion that OpenAI, Together or Fireworks have. */
export const COMPLETION_FIELDS: FieldTable = {
  ...READ_FIELDS,
  ...UNREAD_FIELDS,
  best_of: refused(OAI, { is: (value, { n }) => value === 1 || value === (n ?? 1), words: "1, or as much as n," }),
  suffix: refused(OAI, UNLESS_EMPTY),
  images: refused(FW, UNLESS_EMPTY),
  // A text prompt has no template that could be told how to think.
  reasoning_effort: refused(FW, { is: (value) => value === "none" || value === false, words: '"none"' }),
};
