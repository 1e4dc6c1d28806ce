import { countInputTokensRequest, createResponseRequest } from "@bonfire/protocol/responses";
import { type FieldSources, type FieldTable, UNLESS_EMPTY } from "../openai-serving/field-table.ts";

const CREATE: FieldSources = { openai: "openai-openapi CreateResponse" };
const COUNT: FieldSources = { openai: "openai-openapi TokenCountsBody" };

function supported(schema: { readonly shape: Readonly<Record<string, unknown>> }, sources: FieldSources): FieldTable {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, { treatment: "supported", sources }]));
}

/** How each field of a response's request is treated. */
export const RESPONSE_FIELDS: FieldTable = {
  ...supported(createResponseRequest, CREATE),
  // It counts calls of built-in tools, of which there are none.
  max_tool_calls: { treatment: "ignored", sources: CREATE },
  models: { treatment: "supported", sources: { others: "OpenRouter" } },
  prompt_cache_retention: { treatment: "ignored", sources: CREATE },
  prompt_cache_options: { treatment: "ignored", sources: CREATE },
  context_management: { treatment: "refused", sources: CREATE, unless: UNLESS_EMPTY },
  moderation: { treatment: "refused", sources: CREATE },
  prompt: { treatment: "refused", sources: CREATE },
};

/** The same for counting the tokens of an input. */
export const COUNT_FIELDS: FieldTable = {
  ...supported(countInputTokensRequest, COUNT),
  personality: { treatment: "refused", sources: COUNT },
};
