import type { UpstreamFailure } from "./error-body.ts";

/** Fields that mean the same to our client and to the server that names them. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "messages",
  "prompt",
  "n",
  "stop",
  "max_tokens",
  "max_completion_tokens",
  "seed",
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "typical_p",
  "presence_penalty",
  "frequency_penalty",
  "repetition_penalty",
  "mirostat_target",
  "mirostat_lr",
  "logit_bias",
  "ignore_eos",
  "response_format",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "logprobs",
  "top_logprobs",
  "echo",
  "reasoning_effort",
  "thinking",
  "chat_template_kwargs",
  "prompt_truncate_len",
  "user",
]);

/** Fields that are called otherwise there. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  random_seed: "seed",
  repeat_penalty: "repetition_penalty",
  stop_sequences: "stop",
};

/** A field of a request and what leads into it: `messages[0].content`. Other servers put all sorts of things there. */
const FIELD_PATH = /^([a-z][a-z0-9_]*)((?:[.[][\w.[\]-]*)?)$/;
/** Anthropic names it before what is wrong with it: `messages.0.content: Input should be a valid string`. */
const LEADING_PATH = /^([a-z][\w.]*): /;

/** The field at fault, where it is one that we may have sent for the client. */
export function paramOf(failure: UpstreamFailure | undefined): { param?: string } {
  const said = failure?.param ?? LEADING_PATH.exec(failure?.message ?? "")?.[1];
  if (said === undefined || said.length > 200) return {};
  const [, field = "", path = ""] = FIELD_PATH.exec(said) ?? [];
  const name = OTHER_NAMES[field] ?? field;
  return KNOWN_FIELDS.has(name) ? { param: name + path } : {};
}
