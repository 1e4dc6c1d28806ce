import type { CountTokensRequest, countTokensRequest, messagesRequest } from "@bonfire/protocol/messages";
import { type FieldRule, type FieldTable, UNLESS_EMPTY, UNLESS_FALSE } from "../openai-serving/field-table.ts";

const SPEC = { others: "@anthropic-ai/sdk MessageCreateParams" };
const BETA = { others: "@anthropic-ai/sdk beta MessageCreateParams" };
/** Left out of the SDK's types, and still sent. */
const OLDER = { others: "Anthropic API, before @anthropic-ai/sdk 1.0" };

const supported = (sources: FieldRule["sources"]): FieldRule => ({ treatment: "supported", sources });
const ignored = (sources: FieldRule["sources"]): FieldRule => ({ treatment: "ignored", sources });

const READ_FIELDS = {
  model: supported(SPEC),
  messages: supported(SPEC),
  system: supported(SPEC),
  tools: supported(SPEC),
  tool_choice: supported(SPEC),
  thinking: supported(SPEC),
  output_config: supported(SPEC),
  output_format: supported(BETA),
} as const satisfies Record<keyof typeof countTokensRequest.shape, FieldRule>;

/** Every field of Anthropic's token counts. */
export const COUNT_FIELDS: FieldTable = {
  ...READ_FIELDS,
  cache_control: ignored(SPEC),
  speed: ignored(SPEC),
  billing_policy: ignored(BETA),
  compaction: { treatment: "refused", sources: BETA },
  context_management: {
    treatment: "refused",
    sources: BETA,
    unless: { is: keepsEverything, words: "no edits, or ones that keep everything," },
  },
  mcp_servers: { treatment: "refused", sources: BETA, unless: UNLESS_EMPTY },
};

const SAMPLED_FIELDS = {
  ...READ_FIELDS,
  max_tokens: supported(SPEC),
  stop_sequences: supported(SPEC),
  stream: supported(SPEC),
  temperature: supported(OLDER),
  top_p: supported(OLDER),
  top_k: supported(OLDER),
  metadata: supported(SPEC),
  service_tier: supported(SPEC),
} as const satisfies Record<keyof typeof messagesRequest.shape, FieldRule>;

/** Every field of Anthropic's messages. */
export const MESSAGES_FIELDS: FieldTable = {
  ...SAMPLED_FIELDS,
  ...COUNT_FIELDS,
  diagnostics: ignored(SPEC),
  container: { treatment: "refused", sources: SPEC },
  // A promise about a place, which only who runs this server can make.
  inference_geo: { treatment: "refused", sources: SPEC, unless: { is: (value) => value === "global", words: '"global"' } },
  fallback_credit_token: { treatment: "refused", sources: BETA },
  fallbacks: { treatment: "refused", sources: BETA, unless: UNLESS_EMPTY },
  thread: { treatment: "refused", sources: BETA },
  raw_output: { treatment: "refused", sources: { fireworks: "FW messages.create" }, unless: UNLESS_FALSE },
};

/** Keys of blocks and tools that cannot change the answer's tokens. */
const HINTS = ["cache_control", "citations", "eager_input_streaming"] as const;

/** Names of what stands in blocks and tools without effect. Thoughts that are encrypted can be read by nobody here. */
export function hintsIn({ system, messages, tools }: CountTokensRequest): string[] {
  const blocks = [...blocksIn(system), ...messages.flatMap(({ content }) => blocksIn<object>(content))];
  const nested = blocks.flatMap((block) => ("content" in block && Array.isArray(block.content) ? block.content : []));
  const all: object[] = [...blocks, ...nested, ...(tools ?? [])];
  const hints = HINTS.filter((hint) => all.some((block) => saysSomething(Object.entries(block).find(([key]) => key === hint)?.[1])));
  const hasRedacted = all.some((block) => "type" in block && block.type === "redacted_thinking");
  return hasRedacted ? [...hints, "redacted_thinking"] : hints;
}

function blocksIn<Block extends object>(content: string | readonly Block[] | null | undefined): readonly Block[] {
  return typeof content === "object" && content !== null ? content : [];
}

function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** `{"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}`, which coding agents send, clears nothing. */
function keepsEverything(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const edits: unknown = "edits" in value ? value.edits : [];
  return Array.isArray(edits) && edits.every(clearsNothing);
}

function clearsNothing(edit: unknown): boolean {
  if (typeof edit !== "object" || edit === null || !("type" in edit) || !("keep" in edit)) return false;
  if (edit.type !== "clear_thinking_20251015") return false;
  const { keep } = edit;
  return keep === "all" || (typeof keep === "object" && keep !== null && "type" in keep && keep.type === "all");
}
