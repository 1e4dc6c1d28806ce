import type { Chunk } from "./chunk-reader.ts";

/**
 * Reads a chunk that has nothing but a piece of one choice's text or thoughts, or its finish reason, as almost every chunk has; undefined for any
 * other. By hand, because every token passes here and a schema takes as long as `JSON.parse`.
 */
export function readPlainChunk(json: unknown, format: "chat" | "completion"): Chunk | undefined {
  if (!isRecord(json) || !Array.isArray(json.choices) || json.choices.length !== 1) return undefined;
  const { id, usage = null, prompt_token_ids: promptTokenIds = null } = json;
  if (usage !== null || promptTokenIds !== null || (id !== undefined && typeof id !== "string")) return undefined;
  const choice: unknown = json.choices[0];
  if (!isRecord(choice)) return undefined;
  const said = format === "chat" ? readPlainDelta(choice.delta) : readPlainText(choice.text);
  const index = choice.index ?? 0;
  if (said === undefined || typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) return undefined;
  let finishReason = "";
  for (const key in choice) {
    const value = choice[key];
    if (key === "index" || key === (format === "chat" ? "delta" : "text") || value === null) continue;
    if (key !== "finish_reason" || typeof value !== "string") return undefined;
    finishReason = value;
  }
  return {
    upstreamId: id,
    usage: undefined,
    deltas: [{ choice: index, text: said.text, reasoning: said.reasoning, finishReason, extras: undefined }],
  };
}

interface Said {
  readonly text: string;
  readonly reasoning: string;
}

function readPlainText(text: unknown): Said | undefined {
  return typeof text === "string" ? { text, reasoning: "" } : undefined;
}

function readPlainDelta(delta: unknown): Said | undefined {
  if (!isRecord(delta)) return undefined;
  let text = "";
  let reasoning = "";
  for (const key in delta) {
    const value = delta[key];
    if (value === null || key === "role") continue;
    if (typeof value !== "string") return undefined;
    if (key === "content") text = value;
    else if (key === "reasoning_content") reasoning = value || reasoning;
    else if (key === "reasoning") reasoning ||= value;
    else return undefined;
  }
  return { text, reasoning };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
