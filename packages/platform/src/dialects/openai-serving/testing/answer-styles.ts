import type { Dialect } from "@bonfire/protocol/dialect";
import type { ChatStyle } from "../../openai-chat/chat-style.ts";
import type { AnswerHead } from "../answer-head.ts";

export const DIALECTS: readonly Dialect[] = ["openai", "together", "fireworks"];

export const HEAD: AnswerHead = { id: "id-1", created: 1, model: "m", timing: () => ({ firstTokenMs: 250, elapsedMs: 1_500 }) };

/** How an answer is written for a request that asks for nothing in particular. */
export function plainStyle(dialect: Dialect, wishes: Partial<ChatStyle> = {}): ChatStyle {
  return {
    dialect,
    includeUsage: false,
    logprobs: undefined,
    promptLogprobs: false,
    echo: false,
    tokenIds: false,
    rawOutput: false,
    perfMetrics: false,
    seed: undefined,
    choicesPerPrompt: 1,
    legacyFunctions: false,
    ...wishes,
  };
}
