import { type FieldTable, isFalse } from "../field-table.ts";

const SPEC = "openai-openapi CreateCompletionRequest";

/** Fields of OpenAI's text completions beyond the schema's own. */
export const COMPLETION_FIELDS: FieldTable = {
  store: { treatment: "ignored", source: "sent by SDK wrappers written for chat" },
  metadata: { treatment: "ignored", source: "sent by SDK wrappers written for chat" },
  service_tier: { treatment: "ignored", source: "sent by SDK wrappers written for chat" },
  best_of: { treatment: "refused", source: SPEC, harmless: (value) => value === 1 },
  echo: { treatment: "refused", source: SPEC, harmless: isFalse },
  logprobs: { treatment: "refused", source: SPEC },
  suffix: { treatment: "refused", source: SPEC, harmless: (value) => value === "" },
};
