import { type FieldTable, isEmptyArray, isFalse } from "../field-table.ts";

const SPEC = "openai-openapi CreateChatCompletionRequest";

const isPlainText = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "type" in value && value.type === "text" && Object.keys(value).length === 1;
const isTextOnly = (value: unknown): boolean => Array.isArray(value) && value.length === 1 && value[0] === "text";

/** Fields of OpenAI's chat completions beyond the schema's own. */
export const CHAT_FIELDS: FieldTable = {
  store: { treatment: "ignored", source: SPEC },
  metadata: { treatment: "ignored", source: SPEC },
  service_tier: { treatment: "ignored", source: SPEC },
  safety_identifier: { treatment: "ignored", source: SPEC },
  prompt_cache_key: { treatment: "ignored", source: SPEC },
  prompt_cache_retention: { treatment: "ignored", source: SPEC },
  audio: { treatment: "refused", source: SPEC },
  functions: { treatment: "refused", source: SPEC, harmless: isEmptyArray },
  function_call: { treatment: "refused", source: SPEC, harmless: (value) => value === "none" },
  logprobs: { treatment: "refused", source: SPEC, harmless: isFalse },
  modalities: { treatment: "refused", source: SPEC, harmless: isTextOnly },
  // Without tools, both values of this one mean the same.
  parallel_tool_calls: { treatment: "refused", source: SPEC, harmless: (value) => typeof value === "boolean" },
  prediction: { treatment: "refused", source: SPEC },
  reasoning_effort: { treatment: "refused", source: SPEC },
  response_format: { treatment: "refused", source: SPEC, harmless: isPlainText },
  tool_choice: { treatment: "refused", source: SPEC, harmless: (value) => value === "none" || value === "auto" },
  tools: { treatment: "refused", source: SPEC, harmless: isEmptyArray },
  top_logprobs: { treatment: "refused", source: SPEC },
  verbosity: { treatment: "refused", source: SPEC },
  web_search_options: { treatment: "refused", source: SPEC },
};
