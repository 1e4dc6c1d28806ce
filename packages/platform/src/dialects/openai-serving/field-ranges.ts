import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";

type Range = readonly [number, number];
type Ranges = Readonly<Record<string, Range>>;

/** Ranges that are narrower than the schemas', which are as wide as the widest dialect. Sources: TG2 `ChatCompletionRequest`, FW `completion_create_params.py`. */
const TOGETHER: Ranges = { max_tokens: [0, 199_999], max_completion_tokens: [0, 199_999] };
const FIREWORKS: Ranges = { top_k: [0, 100], repetition_penalty: [0, 2], logprobs: [0, 5], top_logprobs: [0, 5] };

export const CHAT_RANGES: Readonly<Record<Dialect, Ranges>> = { openai: {}, together: TOGETHER, fireworks: FIREWORKS };
export const COMPLETION_RANGES: Readonly<Record<Dialect, Ranges>> = {
  openai: { logprobs: [0, 5] },
  together: TOGETHER,
  fireworks: FIREWORKS,
};

/** @throws ApiError `invalid_value` for a number outside its range. */
export function checkRanges(body: Readonly<Record<string, unknown>>, ranges: Ranges): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = body[name];
    if (typeof value !== "number" || (value >= least && value <= most)) continue;
    throw new ApiError("invalid_value", `Invalid value for '${name}': expected a number from ${least} to ${most}, but got ${value}.`, {
      param: name,
    });
  }
}
