import { newId } from "@bonfire/protocol/ids";
import { type AttemptFacts, type AttemptResult, INTERRUPTED, type LedgerRow } from "../attempt.ts";
import { firstUuidAt } from "../attempt-id.ts";

export const FACTS: AttemptFacts = {
  requestId: "req_0198a0b0c0d07000800000000000000a",
  accountId: "acct_default",
  projectId: "proj_default",
  keyId: "key_0198a0b0c0d07000800000000000000b",
  model: "HuggingFaceTB/SmolLM2-135M-Instruct",
  deployment: "local/HuggingFaceTB/SmolLM2-135M-Instruct",
  endpoint: "chat.completions",
  streamed: true,
  attempt: 1,
  cause: "first",
  queuedMs: 3,
};

export const SUCCEEDED: AttemptResult = {
  ...INTERRUPTED,
  outcome: "succeeded",
  finishReason: "stop",
  uncachedPromptTokens: 20,
  cachedPromptTokens: 10,
  completionTokens: 7,
  usageSource: "engine",
  firstTokenMs: 12,
  durationMs: 80,
};

export function sampleRow(changes: Partial<LedgerRow> = {}): LedgerRow {
  return { id: newId("att"), ...FACTS, ...SUCCEEDED, ...changes };
}

/** The id of an attempt that began at a moment; `serial` tells those of one millisecond apart. */
export function attemptIdAt(moment: string, serial = 0): string {
  return `att_${firstUuidAt(Date.parse(moment)).slice(0, 12)}70008000${serial.toString(16).padStart(12, "0")}`;
}
