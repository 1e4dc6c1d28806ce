import type { chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { type FieldRule, type FieldTable, UNLESS_EMPTY, UNLESS_FALSE } from "../openai-serving/field-table.ts";
import {
  EVERYWHERE,
  FW,
  OAI,
  refused,
  SAMPLING_FIELDS,
  supported,
  TOGETHER,
  UNREAD_FIELDS,
  VLLM,
} from "../openai-serving/shared-fields.ts";

const isTextOnly = (value: unknown): boolean => Array.isArray(value) && value.length === 1 && value[0] === "text";

const READ_FIELDS = {
  ...SAMPLING_FIELDS,
  messages: supported(EVERYWHERE),
  // Text completions of OpenAI and Together have no formats, chat has.
  echo: supported({ ...TOGETHER, ...FW }),
  prompt_truncate_len: supported(FW),
  tools: supported(EVERYWHERE),
  tool_choice: supported(EVERYWHERE),
  parallel_tool_calls: supported({ ...OAI, ...FW }),
  functions: supported({ ...OAI, ...FW }),
  function_call: supported(EVERYWHERE),
  reasoning_effort: supported(EVERYWHERE),
  reasoning: supported(TOGETHER),
  thinking: supported(FW),
  reasoning_history: supported(FW),
  chat_template_kwargs: supported({ ...TOGETHER, ...VLLM }),
} as const satisfies Record<keyof typeof chatCompletionRequest.shape, FieldRule>;

/** Every field of a chat completion that OpenAI, Together or Fireworks have. */
export const CHAT_FIELDS: FieldTable = {
  ...READ_FIELDS,
  ...UNREAD_FIELDS,
  audio: refused(OAI),
  modalities: refused(OAI, { is: isTextOnly, words: '["text"]' }),
  verbosity: refused(OAI, { is: (value) => value === "medium", words: '"medium"' }),
  web_search_options: refused(OAI),
  add_generation_prompt: refused(VLLM, { is: (value) => value === true, words: "true" }),
  continue_final_message: refused(VLLM, UNLESS_FALSE),
  documents: refused(VLLM, UNLESS_EMPTY),
  chat_template: refused(VLLM),
};
